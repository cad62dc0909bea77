"""The command `rxagents`: one prompt, one run, and its events as they come.

    rxagents run "Please tell me 5 jokes."

It is made of the library's public parts only, and can be read as an example of them:

    command      from arguments to an exit code
    arguments    what can be written on the command line
    choice       which agent and which model that means
    session      the run: its events to a view, and its statistics
    views        what a view is, and the one for programs: JSON
    plain        the view for pipes and files
    terminal     the view for people
    wording      how calls, outputs and figures are put
    wrap         words to lines, while they come
    statistics   what a run took, as an operator
    weights      the progress bar of the embedded model's download
    threads      the threads of tools, which Ctrl-C cannot stop
"""

from .command import main as main
