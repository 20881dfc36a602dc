#!/usr/bin/env python3
"""The Debian package's own changelog: changelog.py VERSION MAINTAINER FILE, at the time SOURCE_DATE_EPOCH.

Debian asks for one in its own form beside the program's. It says only where that is: what changed is told once.
"""

import email.utils
import os
import pathlib
import sys

if len(sys.argv) != 4:
    sys.exit(__doc__)
version, maintainer, file = sys.argv[1:]
pathlib.Path(file).write_text(f"""pagehaul ({version}) stable; urgency=medium

  * What changed stands in /usr/share/doc/pagehaul/changelog.gz.

 -- {maintainer}  {email.utils.formatdate(int(os.environ["SOURCE_DATE_EPOCH"]))}
""")
