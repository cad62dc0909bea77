"""Ids and times, where code written for the OpenAI Agents SDK looks for them."""

from .global_settings import gen_group_id as gen_group_id
from .global_settings import gen_span_id as gen_span_id
from .global_settings import gen_trace_id as gen_trace_id
