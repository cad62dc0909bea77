"""The servers, under the name of the module that the Agents SDK has them in."""

from .approval import LocalMCPApprovalCallable as LocalMCPApprovalCallable
from .approval import RequireApprovalSetting as RequireApprovalSetting
from .base import MCPServer as MCPServer
from .http import MCPServerSse as MCPServerSse
from .http import MCPServerSseParams as MCPServerSseParams
from .http import MCPServerStreamableHttp as MCPServerStreamableHttp
from .http import MCPServerStreamableHttpParams as MCPServerStreamableHttpParams
from .stdio import MCPServerStdio as MCPServerStdio
from .stdio import MCPServerStdioParams as MCPServerStdioParams
