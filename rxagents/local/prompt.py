"""How a conversation is laid out for the embedded model, as llama.cpp's chat template.

The model's own template knows no tools. This one lists them in one line each, name and parameters
only: evaluating the prompt costs about 9 ms a token on one core, and the model, which is too small
to read a JSON schema, needs nothing more, since a grammar forces what it writes into the schema.
"""

CALL_MARKER = "<tool_call>\n"
"""What a call begins with. From here on llama.cpp accepts nothing but a call of an offered tool."""

CALL_END = "</tool_call>"

# llama.cpp derives the grammar of calls from how the template renders one, so the branch for
# `tool_calls` decides what can be generated, although no history with calls in it is ever sent.
CHAT_TEMPLATE = r"""
{%- if tools %}
  {{- '<|im_start|>system\n' }}
  {%- if messages[0].role == 'system' %}{{- messages[0].content + '\n\n' }}{%- endif %}
  {{- 'Call one of these functions:' }}
  {%- for tool in tools %}
    {{- '\n- ' + tool.function.name + '(' }}
    {%- for name in tool.function.parameters.properties %}
      {{- name + ('' if loop.last else ', ') }}
    {%- endfor %}
    {{- '): ' + (tool.function.description or '') }}
  {%- endfor %}
  {{- '<|im_end|>\n' }}
{%- elif messages[0].role == 'system' %}
  {{- '<|im_start|>system\n' + messages[0].content + '<|im_end|>\n' }}
{%- endif %}
{%- for message in messages %}
  {%- if message.role == 'user' or (message.role == 'system' and not loop.first) %}
    {{- '<|im_start|>' + message.role + '\n' + message.content + '<|im_end|>\n' }}
  {%- elif message.role == 'assistant' %}
    {{- '<|im_start|>assistant' }}
    {%- if message.content %}{{- '\n' + message.content }}{%- endif %}
    {%- for call in message.tool_calls or [] %}
      {%- if call.function %}{%- set call = call.function %}{%- endif %}
      {{- '\n<tool_call>\n{"name": "' + call.name + '", "arguments": ' }}
      {{- call.arguments | tojson }}
      {{- '}\n</tool_call>' }}
    {%- endfor %}
    {{- '<|im_end|>\n' }}
  {%- elif message.role == 'tool' %}
    {{- '<|im_start|>user\n<tool_response>\n' + message.content }}
    {{- '\n</tool_response><|im_end|>\n' }}
  {%- endif %}
{%- endfor %}
{%- if add_generation_prompt %}{{- '<|im_start|>assistant\n' }}{%- endif %}
""".strip()
