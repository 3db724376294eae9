"""What a stranger may call a room, themselves, a metric, an alert: to be shown as text, or refused.

``ACCEPTED`` are names that a form takes; whatever shows them must show them as text. ``REFUSED`` are names
that no form takes. ``TEXTS`` is all of them, for the free texts that are not names: a note, an alert, the
name of a metric or an action, which training code publishes.
"""

SCRIPT = "<script>window.__owned=1</script>"
IMAGE = "<img src=x onerror=window.__owned=1>"
ESCAPES = "\x1b[2J\x1b]0;owned\x07\x1b[31mred\x9b0m"
CRLF = "ok\r\n127.0.0.1 GET /forged 200"

ACCEPTED = {
    "script": SCRIPT,
    "image": IMAGE,
    "attribute": "\" onmouseover='window.__owned=1' x=\"",
    "template": "${window.__owned=1}{{7*7}}#{1}",
    "link": "javascript:window.__owned=1",
    "formula": '=HYPERLINK("http://evil.test","click")',
    "dde": "=cmd|' /C calc'!A0",
    "plus": "+1+1",
    "minus": "-2+3",
    "at": "@SUM(1)",
    "wide formula": "\uff1d1+1",
    "behind a semicolon": "x;=1+1",
    "climbing": "../../etc/passwd",
    "backslashes": "..\\..\\boot.ini",
    "device": "CON",
    "device with ending": "aux.txt",
    "hidden": ".bashrc",
    "option": "-rf *",
    "quotes": "O'Neill \"Bobby\"; DROP TABLE rooms;--",
    "percent": "%s%n%0d%0aSet-Cookie: a=b",
    "entities": "&lt;b&gt;&#60;script&#62;",
    "emoji": "\U0001f469\u200d\U0001f52c\U0001f9ea\U0001f3f3\ufe0f\u200d\U0001f308",
    "zalgo": "Z\u0335\u0321\u0322a\u0334\u0323l\u0335g\u0336o",
    "right to left": "\u05e9\u05dc\u05d5\u05dd abc \u0645\u0631\u062d\u0628\u0627",
    "cjk": "\u5b66\u7fd2 \u30c6\u30b9\u30c8 \ud55c\uad6d\uc5b4",
    "longest": "W" * 64,
    "longest wide": "\U0001f9ea" * 64,
    "proto": "__proto__",
    "constructor": "constructor",
    "null": "null",
}  # fmt: skip

REFUSED = {
    "escapes": ESCAPES,
    "crlf": CRLF,
    "line separator": "a\u2028b",
    "nul": "a\x00b",
    "tab": "a\tb",
    "override": "\u202egnp.exe",
    "isolate": "\u2066abc\u2069",
    "mark": "abc\u200fdef",
    "zero width": "a\u200bb",
    "joiner between letters": "Ad\u200dmin",
    "soft hyphen": "Ad\u00admin",
    "blank braille": "\u2800\u2800",
    "blank hangul": "\u3164",
    "blank behind a name": "Ann\u115f",
    "selector behind a letter": "Ann\ufe0f",
    "marks alone": "\u0301\u0301",
    "spaces": " \u3000 \u00a0",
    "joiner alone": "\u200d",
    "towering": "a" + "\u0300\u0316" * 10,
    "too long": "x" * 65,
    "very long": "x" * 100_000,
    "half a pair": "\ud800",
    "private": "\ue000",
    "no character": "\uffff",
    "tags": "a\U000e0041\U000e0042",
}  # fmt: skip

TEXTS = {
    name: text for name, text in {**ACCEPTED, **REFUSED}.items() if name not in {"half a pair", "very long"}
}
