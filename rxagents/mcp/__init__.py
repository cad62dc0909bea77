"""Servers of the Model Context Protocol, whose tools an agent can use.

    async with MCPServerStdio(params={"command": "uvx", "args": ["mcp-server-time"]}) as server:
        agent = Agent(name="Clock", mcp_servers=[server])

`pip install 'rxagents[mcp]'` installs the official client. Importing this package does not import
it; making a server does.
"""

from .approval import LocalMCPApprovalCallable as LocalMCPApprovalCallable
from .approval import RequireApprovalMapping as RequireApprovalMapping
from .approval import RequireApprovalObject as RequireApprovalObject
from .approval import RequireApprovalPolicy as RequireApprovalPolicy
from .approval import RequireApprovalSetting as RequireApprovalSetting
from .approval import RequireApprovalToolList as RequireApprovalToolList
from .base import MCPServer as MCPServer
from .client_server import MCPServerWithClientSession as MCPServerWithClientSession
from .http import HttpClientFactory as HttpClientFactory
from .http import MCPServerSse as MCPServerSse
from .http import MCPServerSseParams as MCPServerSseParams
from .http import MCPServerStreamableHttp as MCPServerStreamableHttp
from .http import MCPServerStreamableHttpParams as MCPServerStreamableHttpParams
from .manager import MCPServerManager as MCPServerManager
from .stdio import MCPServerStdio as MCPServerStdio
from .stdio import MCPServerStdioParams as MCPServerStdioParams
from .tool_data import MCPToolCustomDataContext as MCPToolCustomDataContext
from .tool_data import MCPToolCustomDataExtractor as MCPToolCustomDataExtractor
from .tool_data import MCPToolMetaContext as MCPToolMetaContext
from .tool_data import MCPToolMetaResolver as MCPToolMetaResolver
from .tool_filter import ToolFilter as ToolFilter
from .tool_filter import ToolFilterCallable as ToolFilterCallable
from .tool_filter import ToolFilterContext as ToolFilterContext
from .tool_filter import ToolFilterStatic as ToolFilterStatic
from .tool_filter import create_static_tool_filter as create_static_tool_filter
from .util import MCPUtil as MCPUtil
