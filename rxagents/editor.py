"""What is `agents.editor` in the OpenAI Agents SDK; here it is in `local_tools`."""

from .local_tools.apply_patch import ApplyPatchEditor as ApplyPatchEditor
from .local_tools.apply_patch import ApplyPatchOperation as ApplyPatchOperation
from .local_tools.apply_patch import ApplyPatchResult as ApplyPatchResult
