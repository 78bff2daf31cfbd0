"""Whether code and printed text are those of another language, but for their words.

A script is named as the names of its characters in Unicode begin: CJK.  Without one, a language
shares the letters of its original, no word can be told to be translated, and all must be the same.
"""

import ast
import re
import unicodedata

# What a sentence has in every language, wherever it stands in it.
SAME_IN_ALL = re.compile(
    r"(?:(?<![A-Za-z\d])-)?\d+(?:\.\d+)?(?:e[+-]?\d+)?%?|%[a-z]|[<>=!]="
    r"|(?<![A-Za-z_])(?:True|False|None|nan|inf)(?![A-Za-z_])|\w*[A-Za-z]\w*[._]\w+|\w+_\b"
)
# What a printed word may be next to: all but a letter, a digit and what joins names.
PRINTED_WORD = re.compile(
    r"(?<![\w.])(?!(?:nan|inf|true|false)\b)[a-z]+(?:['’-][a-z]+)*(?![\w.(])|[,;:，；：、。“”\"'\s]"
)


def same_but_strings(code: str, original: str, script: str) -> bool:
    """Tell whether Python differs from its original just in strings that are translated.

    A translated string has letters of the script, the same numbers and the same names in code, and
    is the same wherever its original is translated.  Lines that have no such letters are the same.

    >>> same_but_strings('print("误差", x)', 'print("off by", x)', "CJK")
    True
    >>> same_but_strings('print("误差", y)', 'print("off by", x)', "CJK")
    False
    >>> same_but_strings('print("apart by", x)', 'print("off by", x)', "CJK")
    False
    >>> same_but_strings('print(f"第 {t} 步")', 'print(f"step {t}")', "CJK")
    True
    >>> same_but_strings('{"门": 1}["层"]', '{"gate": 1}["gate"]', "CJK")
    False
    >>> same_but_strings('print(f"门 {x:门>5}")', 'print(f"gate {x:>5}")', "CJK")
    False
    """
    if code == original:
        return True
    lines, theirs = code.split("\n"), original.split("\n")
    if len(lines) != len(theirs):
        return False
    if not all(
        ours == its or in_script(ours, script) for ours, its in zip(lines, theirs, strict=True)
    ):
        return False
    try:
        tree, its_tree = ast.parse(code), ast.parse(original)
    except SyntaxError:
        return False
    known: dict[str, str] = {}
    for string, its in zip(_strings(tree), _strings(its_tree), strict=False):
        text, meant = str(string.value), str(its.value)
        if _translated(text, meant, script) and known.setdefault(meant, text) == text:
            string.value = its.value
    return ast.dump(tree) == ast.dump(its_tree)


def _strings(tree: ast.AST) -> list[ast.Constant]:
    """List the strings of a tree, after joining the text of each f-string before its values."""
    for node in ast.walk(tree):
        if isinstance(node, ast.JoinedStr):
            text = [part for part in node.values if isinstance(part, ast.Constant)]
            values = [part for part in node.values if not isinstance(part, ast.Constant)]
            node.values = [ast.Constant("".join(str(part.value) for part in text)), *values]
    formats = {id(part) for node in ast.walk(tree) if isinstance(node, ast.FormattedValue)
               and node.format_spec for part in ast.walk(node.format_spec)}  # fmt: skip
    constants = [node for node in ast.walk(tree) if isinstance(node, ast.Constant)]
    return [node for node in constants if isinstance(node.value, str) and id(node) not in formats]


def _translated(text: str, original: str, script: str) -> bool:
    names, its = (sorted(SAME_IN_ALL.findall(each)) for each in (text, original))
    return bool(original) and in_script(text, script) and names == its


def in_script(text: str, script: str) -> bool:
    """Tell whether a text has a letter of a script; without a script, none has."""
    return any(unicodedata.name(letter, "").startswith(f"{script} ") for letter in text)


def same_but_words(output: str, original: str, script: str) -> bool:
    """Tell whether a printed text differs from its original at most in words, line by line.

    >>> same_but_words("误差 1.5 True", "off by 1.5 True", "CJK")
    True
    >>> same_but_words("误差 1.4 True", "off by 1.5 True", "CJK")
    False
    """
    lines, theirs = output.split("\n"), original.split("\n")
    return len(lines) == len(theirs) and all(
        in_script(ours, script) and _wordless(ours, script) == _wordless(its, script)
        for ours, its in zip(lines, theirs, strict=True)
        if ours != its
    )


def _wordless(line: str, script: str) -> str:
    numbers = " ".join(re.findall(r"\d+(?:\.\d+)?", line))  # where one ends and the next begins
    rest = PRINTED_WORD.sub("", line)
    return numbers + "".join(letter for letter in rest if not in_script(letter, script))
