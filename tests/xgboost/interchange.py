def check(bench): pass
