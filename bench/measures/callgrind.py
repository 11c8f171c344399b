"""Instructions of one of bench-micro's paths under callgrind: repeatable where seconds are not."""
import os
import re
import shutil
import subprocess
import tempfile

FEW, MANY = 2048, 6144


def installed():
    return shutil.which("valgrind") is not None


def counted(micro, small_map, stage, count, options):
    with tempfile.TemporaryDirectory() as scratch:
        out = os.path.join(scratch, "callgrind.out")
        subprocess.run(["valgrind", "--tool=callgrind", f"--callgrind-out-file={out}", "--collect-atstart=no",
                        "--toggle-collect=path_drive", micro, "--scratch", os.path.join(scratch, "data"), "--repeat",
                        "1", "--count", str(count), *options, stage],
                       env={**os.environ, "LD_PRELOAD": small_map}, check=True, stdout=subprocess.DEVNULL,
                       stderr=subprocess.DEVNULL)
        with open(out, encoding="ascii", errors="replace") as f:
            return int(re.search(r"^totals: (\d+)", f.read(), re.M).group(1))


def instructions(micro, small_map, stage, options=()):
    """Of one operation: two runs of different lengths; their difference is the operations between them, without start
    and stop."""
    few, many = (counted(micro, small_map, stage, n, options) for n in (FEW, MANY))
    return (many - few) / (MANY - FEW)
