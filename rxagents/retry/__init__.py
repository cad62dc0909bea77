"""Whether a model call that failed is made again, and when. Nothing here waits or sends.

settings    ModelRetrySettings: how often, how far apart, and who decides
advice      what is known of an error, and what the model's side advises
decision    what a policy is asked, and what it answers
policies    `retry_policies`: the usual policies, and how to combine them
facts       status, code and waiting time, read off an exception
delay       `retry_delay`, the one question that a run asks
"""

from .advice import ModelRetryAdvice as ModelRetryAdvice
from .advice import ModelRetryAdviceRequest as ModelRetryAdviceRequest
from .advice import ModelRetryNormalizedError as ModelRetryNormalizedError
from .decision import RetryDecision as RetryDecision
from .decision import RetryPolicy as RetryPolicy
from .decision import RetryPolicyContext as RetryPolicyContext
from .delay import backoff_delay as backoff_delay
from .delay import retry_delay as retry_delay
from .delay import settings_for_attempt as settings_for_attempt
from .policies import retry_policies as retry_policies
from .settings import ModelRetryBackoffInput as ModelRetryBackoffInput
from .settings import ModelRetryBackoffSettings as ModelRetryBackoffSettings
from .settings import ModelRetrySettings as ModelRetrySettings
