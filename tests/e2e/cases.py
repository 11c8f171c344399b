"""A test program's cases: counted, each told in a line; and what they say when something is not so."""
import sys
import time
import traceback


class Skip(Exception):
    """This case cannot be tried here; says why."""


class Failed(Exception):
    pass


def check(truth, *what):
    if not truth:
        raise Failed(' '.join(str(w) for w in what) or 'not so')


def same(got, want, what=''):
    if got != want:
        raise Failed('%s: got %r, want %r' % (what, got, want))


def run(cases, given, wanted=(), on_failure=lambda: None, after_each=lambda: None):
    """Calls each case with *given*; only those named, where any is. Returns how many passed, failed and were skipped."""
    passed = failed = skipped = 0
    for case in cases:
        name = case.__name__.replace('_', ' ')
        if wanted and case.__name__ not in wanted:
            continue
        began = time.time()
        try:
            case(given)
            passed += 1
            print('ok      %s (%.1f s)' % (name, time.time() - began))
        except Skip as why:
            skipped += 1
            print('skipped %s: %s' % (name, why))
        except Exception as why:
            failed += 1
            print('FAILED  %s: %s' % (name, why))
            if not isinstance(why, Failed):
                traceback.print_exc(file=sys.stdout)
            on_failure()
        sys.stdout.flush()
        after_each()
    return passed, failed, skipped


def tell(passed, failed, skipped):
    """The last line, and the end."""
    print('%d passed, %d failed' % (passed, failed) + (', %d skipped' % skipped if skipped else ''))
    sys.exit(1 if failed else 0)
