"""Recordings of runs: files of events, which can be played again.

    format    the lines of a file
    opening   a file opened for writing, behind what is whole in it
    writer    writes a whole line at a time
    reader    reads a line at a time
    tempo     the recorded rhythm, on the loop's clock
    replay    a recording as a stream

It knows events and streams, and nothing of models, runs or operators. `ops.record` is its writer
as an operator, `rxagents.ReplayModel` answers with what its reader reads. Read `format` first.
"""

from .format import End as End
from .format import Start as Start
from .opening import Mode as Mode
from .reader import Record as Record
from .reader import RecordingReader as RecordingReader
from .replay import replay as replay
from .tempo import Speed as Speed
from .writer import FsyncPolicy as FsyncPolicy
from .writer import RecordingWriter as RecordingWriter
