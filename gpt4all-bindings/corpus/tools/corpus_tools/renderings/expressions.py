"""Expressions of Jinja, each for one thing in which engines may differ. They see the variables of VARIABLES."""

from __future__ import annotations

from typing import Any

VARIABLES: dict[str, Any] = {
    "mixed": [1, "two", None, True, 2.5, [3], {"four": 4}],
    "people": [
        {"name": "bo", "age": 3, "tags": ["a"], "home": {"town": "Rome"}},
        {"name": "Al", "age": 12, "tags": [], "home": {"town": "Oslo"}},
        {"name": "cy", "age": None, "tags": ["a", "b"]},
    ],
    "table": {"b": 1, "A": 2, "c": {"x": [1, 2.0, None]}, "length": 7, "join": "j", "string": "s"},
    "text": "  é日本🙂 text — ÄÖß\u3000",
    "whole": 9007199254740993,
    "huge": 18446744073709551616,
    "long": 0.1,
}

EXPRESSIONS = """
text|length
text|trim
text|upper
text|lower
text|title
text|capitalize
text[3]
text[-4]
text[1:4]
text[::-1]
text[:-3]
text|first
text.strip()
text.strip()|last
text|list
text|reverse
text.split()
text.split("t", 1)
"a  b".split(" ")
"a,b,c".rsplit(",", 1)
" a  b ".rsplit(None, 1)
" a  b c ".split(None, 1)
"a\\nb\\r\\nc".splitlines()
"ŉ ß ﬁ ǆ İ ΑΣ Σ".lower()
"ŉ ß ﬁ ǆ i ας".upper()
"ß. ﬁ ǆ"|title
"ǆß"|capitalize
"xyx".strip("x")
"éxé".lstrip("é")
"éxé".rstrip("éx")
"abc".startswith("ab")
"abc".endswith("d")
"日本".find("本")
"abcabc".replace("b", "")
"abcabc".replace("b", "x", 1)
"日本".replace("", "-")
"banana"|replace("a", "o", 2)
"abc".removeprefix("ab") ~ "abc".removesuffix("c")
"12".isdigit()
", ".join(["a", "b"])
"abc"|join("-")
mixed|join("|")
people|join(", ", attribute="name")
table|join(",")
"é" in text
"z" not in text
["a"] in [["a"], "b"]
[1, 2] == [1, 2]
[[1], {"a": [2]}] == [[1], {"a": [2]}]
{"a": 1, "b": 2} == {"b": 2, "a": 1}
(1, 2) == [1, 2]
1 == 1.0
true == 1
"1" == 1
none == false
none in [none]
1 in {1: 2}
"a" in {"a": none}
"a" < "b"
"b" >= "a" and "Z" < "a"
1 < 2.5
none is none
x is defined
x
x ~ "!"
none
none ~ "!"
[none, true, 1.0]
["a"]
{"k": 1}
(1,)
("a", 'it"s', "it's", 'b"o\\'th')
["\\n\\t\\\\ \\x00 \\u200b é 🙂"]
mixed
table
people[0]
true
1.0
0.1
2.50
1e22
1e-5
0.0001
123456789012345680.0
1e16
1.5e300
5e-324
-0.0
1/3
7//2
-7//2
7 % 3
-7 % 3
7.5 % 2
-7.5 // 2
2 * 3.0
whole
whole + 1
whole * 1000
huge
huge|tojson
[huge, whole]
huge|string
huge|int
huge is integer
9223372036854775807
-9223372036854775807 - 1
long + 0.2
10|float
"3.7"|float
"7"|int
"x"|int
"x"|int(3)
"ff"|int(0, 16)
3.99|int
true|int
2.5|round
2.567|round(2)
2.1|round(0, "ceil")
-3|abs
[1, 2.5]|sum
[3, 1, 2]|sort
["b", "A", "c"]|sort
["b", "A", "c"]|sort(case_sensitive=true)
[3, 1, 2]|sort(reverse=true)
people|sort(attribute="name")|map(attribute="name")|list
["b", "A"]|min
[1, 3, 2]|max
["a", "A", "b"]|unique|list
table|dictsort|map("first")|list
{"b": 1, "A": 2}|dictsort
{"b": 1, "A": 2}|dictsort(true)
{"b": 1, "A": 2}|dictsort(by="value", reverse=true)
table|list
table|length
table.length
table.join
table.string
table.b
table.nothing
table["b"]
table.get("z", "none")
table.get("z")
table.keys()|list
table.values()|list
table.items()|list
table|items|list
people|map(attribute="name")|list
people|map(attribute="home.town")|list
people|map(attribute="home.town", default="?")|list
["a", "b"]|map("upper")|list
["a", "b"]|map("replace", "a", "x")|list
[1, 2, 3, 4]|select("odd")|list
[1, 2, 3, 4]|reject("odd")|list
[0, 1, none]|select|list
mixed|select("string")|list
mixed|select("number")|list
[1, 2, 3]|select("gt", 1)|list
[1, 2, 3]|select(">=", 2)|list
people|selectattr("age")|map(attribute="name")|list
people|selectattr("home", "defined")|map(attribute="name")|list
people|selectattr("age", "none")|map(attribute="name")|list
people|selectattr("age", "equalto", 3)|map(attribute="name")|list
people|selectattr("name", "in", ["bo", "cy"])|map(attribute="name")|list
people|rejectattr("home", "defined")|map(attribute="name")|list
people|selectattr("home.town", "==", "Oslo")|map(attribute="name")|list
mixed|tojson
mixed|tojson(indent=2)
table|tojson(sort_keys=true)
table|tojson(separators=(",", ":"))
text|tojson
text|tojson(ensure_ascii=true)
"<a href='x'>&</a>"|tojson
"<a href='x'>&</a>"|e
[1.0, 0.1, 1e100, 1e-7]|tojson
{"a": none}|tojson
mixed|string
none|string
true|string
1.0|string
text|string
x|default("d")
none|default("d")
none|default("d", true)
""|default("d", true)
table|default("d") == table
x|d
table.x|default(1)
"%s, %d"|format("x", 3)
"%5.1f|%-4s|%x|%%|%r"|format(2.55, "é", 255, "a")
"%(a)s"|format(a=1)
"%s %s" % ("a", none)
"%s" % mixed
"{} and {}".format("a", 1)
"a" ~ 1 ~ 2.0 ~ true
"ab" * 3
[1, 2] * 2
[1] + ["a"]
(1, 2) + (3,)
1 is odd
2 is even
4 is divisibleby 2
4 is divisibleby(3)
"A" is upper
"a1" is lower
"1" is lower
table is mapping
table is iterable
table is sequence
text is iterable
1 is iterable
true is number
true is integer
1 is boolean
none is string
3 is eq 3
3 is not in [1, 2]
"a" is in "abc"
1 is sameas 1 or true is sameas true
x is undefined and y is not defined
"yes" if x is defined else "no"
"yes" if x
range(3)|list
range(5, 0, -2)|list
[1, 2, 3][1:]
[1, 2, 3][-1]
[1, 2, 3][::-1]
mixed[10]
mixed|first
mixed|last
mixed|length
mixed|reverse|list
(1, 2, 3)[1:]
"a\\tb\\x41\\u00e9\\d"
'a' 'b'
1e3
not none and not x
text|wordcount
"a\\nb\\n"|indent
"a\\n\\nb"|indent(2, true)
"a"|indent(width=3, first=true)
namespace(a=1).a
dict(a=1)
[1, [2, [3]]]|string
"abc"|safe
5|string|length
"x".upper().lower()
"a-b_c d"|title
people|length > 2 and people[0].age < 4
{"a": 1}.items()|list
{}.get("a", {}).get("b")
[]|first
[]|join
""|first
"z"|tojson|length
"some long text here"|truncate(9)
[1, 2, 3]|batch(2)|list
people|groupby("name")|list|length
"a".center(5)
"1,234".count(",")
"abc".index("b")
"a:b".partition(":")
"héllo".isalpha()
"Ab".title()
"{:.2f}".format(2.345)
"{0}-{1}-{0}".format("a", "b")
"{name}".format(name="x")
2 ** 10
1 < 2 < 3
[1, 2] < [1, 3]
"a" is string and "b" is not number
loop is defined
""".strip().splitlines()

STATEMENTS = {
    "loops_forget": "{% for i in [1, 2] %}{{ y is defined }}{% set y = 1 %}{% endfor %}",
    "loops_see": "{% set y = 0 %}{% for i in [1, 2] %}{{ y }}{% set y = i %}{% endfor %}{{ y }}",
    "namespace": "{% set n = namespace(c=0) %}{% for i in [1, 2] %}{% set n.c = n.c + i %}{% endfor %}{{ n.c }}",
    "loop_variables": "{% for i in 'abc' %}{{ loop.index }}{{ loop.first }}{{ loop.last }}{{ i }}"
    "{{ loop.previtem }}{{ loop.nextitem }}{{ loop.revindex0 }}{{ loop.length }} {% endfor %}",
    "for_else": "{% for i in [] %}x{% else %}none{% endfor %}{% for i in [1] %}{% continue %}{% else %}e{% endfor %}",
    "for_if": "{% for i in range(9) if i is odd %}{{ loop.index }}:{{ i }} {% endfor %}",
    "for_keys": "{% for k in table %}{{ k }} {% endfor %}{% for k, v in table.items() %}{{ k }}={{ v }} {% endfor %}",
    "break": "{% for i in range(9) %}{% if i == 3 %}{% break %}{% endif %}{{ i }}{% endfor %}",
    "macro": "{% macro m(a, b=1, c=2) %}{{ a }},{{ b }},{{ c }};{% endmacro %}{{ m(7) }}{{ m(7, 8) }}{{ m(7, c=9) }}"
    "{{ m(c=1, a=2) }}{{ m() }}",
    "macro_default": "{% macro m(a, b=a) %}{{ b }}{% endmacro %}{{ m(3) }}",
    "call": "{% macro m() %}<{{ caller() }}>{% endmacro %}{% call m() %}in{% endcall %}",
    "set_block": "{% set y %}a{{ 1 }}b{% endset %}{{ y }}{{ y|length }}",
    "set_filtered": "{% set y | upper %}ab{% endset %}{{ y }}",
    "filter_block": "{% filter upper %}straße{% endfilter %}",
    "unpacking": "{% set a, b = 1, 'x' %}{{ a }}{{ b }}{% for a, b in [[1, 2], (3, 4)] %}{{ a + b }} {% endfor %}",
    "white_space": "a\n  {% if true %}  \n b {%- if true -%} \n c {% endif %}\n  {% endif %}\n d\n"
    "  {# e #}  \n{#- f -#} g\n",
    "lstrip": "x\n   {%+ if true %}y{% endif %}\n   {{ 1 }}\n",
    "raw": "{% raw %}{{ x }} {% if %}{% endraw %}",
    "generation": "a{% generation %}b{{ 1 }}{% endgeneration %}c",
    "if_values": "{% if [] %}a{% elif {} %}b{% elif '' %}c{% elif 0 %}d{% elif 0.0 %}e{% elif none %}f"
    "{% else %}g{% endif %}",
    "conditional_lists": "{{ [1, 2, 3]|select('in', [2, 3])|list }}{{ ['a', 'b']|map('length')|sum }}",
    "scopes": "{% set y = 1 %}{% if true %}{% set y = 2 %}{% endif %}{{ y }}",
    "nested_loops": "{% for i in [1, 2] %}{% for j in [1, 2] %}{{ loop.index }}{% endfor %}"
    "{{ loop.index }};{% endfor %}",
    "raise": "{% if false %}{{ raise_exception('no') }}{% endif %}ok",
    "comment": "a{# {{ b }} #}c{#- d -#} e",
    "printed": "{{ mixed }}{{ '' }}{{ none }}{{ true }}{{ 1.0 }}{{ x }}{{ (1, 'a') }}",
    "joined_markup": "{{ '<' ~ (table|tojson) ~ '>' }}",
    "with": "{% with a = 1, b = 2 %}{{ a + b }}{% endwith %}{{ a is defined }}",
    "do_not_leak": "{% for i in [1] %}{% set z = 5 %}{% endfor %}{{ z is defined }}{{ i is defined }}",
}
