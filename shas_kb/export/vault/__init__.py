"""The Obsidian vault, and the way back.

write.py         a vault is written, or brought up to date
options.py       in which flavour and folders, with which originals
places.py        where each note and original lies; filenames.py: names that every file system takes
notes.py         what a note says; markdown.py: text that stays text; dialect.py: how links look
okf.py           the Open Knowledge Format's indexes
canvas.py        the tree on a canvas; base.py: tables; graph_view.py: colours of the graph view
sources.py       the originals, copied or linked
folder.py        what of a vault is ours and what the user's, and how a new state is put in place
merge.py         our part of a note, within what the user made of it
manifest.py      what was written; recover.py: what a kill left
statements.py    what the user's renames and moves say
import_edits.py  these as edits of the tree
"""
