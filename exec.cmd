@rem package.json's scripts say `exec`, so that a shell hands npm's signals to the program. Windows has no exec: this is it.
@%*
