"""Reads DMN 1.1 to 1.5, as dmn-js and Camunda Modeler write it, into the model."""

from __future__ import annotations

from collections.abc import Iterator

from lxml import etree

from engine.decisions.model import Decision, Input, Output, Rule, Table, Text
from engine.errors import FileRejected

NAMESPACES = frozenset({
    "http://www.omg.org/spec/DMN/20151101/dmn.xsd",
    "http://www.omg.org/spec/DMN/20151101/dmn11.xsd",
    "http://www.omg.org/spec/DMN/20180521/MODEL/",
    "https://www.omg.org/spec/DMN/20191111/MODEL/",
    "https://www.omg.org/spec/DMN/20211108/MODEL/",
    "https://www.omg.org/spec/DMN/20230324/MODEL/",
})  # fmt: skip
_CAMUNDA = "{http://camunda.org/schema/1.0/dmn}"
_HARMLESS = frozenset({
    "description", "question", "allowedAnswers", "variable", "informationRequirement", "authorityRequirement", "extensionElements",
    "supportedObjective", "impactedPerformanceIndicator", "decisionMaker", "decisionOwner", "usingProcess", "usingTask", "decisionTable",
    "literalExpression",
})  # fmt: skip
"""What may stand in a decision beside its logic without changing it. Everything else is refused."""
Node = etree._Element


def read(content: bytes, file: str) -> tuple[list[Decision], list[str]]:
    """The decisions of a file in document order, and the names of its input data. FileRejected when it is not DMN."""
    root = _root(content, file)
    language = root.get("expressionLanguage", "")
    types = {node.get("name", ""): _base_type(node) for node in _children(root, "itemDefinition")}
    decisions = [_decision(node, language, types) for node in _children(root, "decision")]
    if _children(root, "import"):
        decisions = [_with_strange(decision, "import") for decision in decisions]
    return decisions, [name for node in _children(root, "inputData") for name in _names(node)]


def _root(content: bytes, file: str) -> Node:
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False, remove_comments=True, remove_pis=True
    )
    try:
        root = etree.fromstring(content, parser)
    except (etree.XMLSyntaxError, ValueError) as error:
        raise FileRejected(file=file, expected="well-formed XML", found=str(error)[:300]) from None
    doctype = root.getroottree().docinfo.doctype  # type: ignore[union-attr]  # the stubs leave the type open
    if doctype:
        raise FileRejected(file=file, expected="XML without DOCTYPE", found=doctype[:120])
    name = etree.QName(root)
    if name.localname != "definitions" or name.namespace not in NAMESPACES:
        raise FileRejected(file=file, expected="DMN 1.1 to 1.5 <definitions>", found=str(root.tag)[:120])
    return root


def _children(node: Node, *names: str) -> list[Node]:
    """Children of these local names in a DMN namespace."""
    return [child for child in _elements(node) if etree.QName(child).localname in names]


def _elements(node: Node) -> Iterator[Node]:
    return (child for child in node if isinstance(child.tag, str) and etree.QName(child).namespace in NAMESPACES)


def _child(node: Node, name: str) -> Node | None:
    return next(iter(_children(node, name)), None)


def _content(node: Node) -> str:
    return "".join(str(text) for text in node.itertext())


def _line(node: Node) -> int | None:
    line: int | None = node.sourceline  # type: ignore[assignment]  # the stubs leave the type open
    return line


def _names(node: Node) -> list[str]:
    variable = _child(node, "variable")
    found = [node.get("name", ""), "" if variable is None else variable.get("name", "")]
    return [name.strip() for name in found if name.strip()]


def _base_type(node: Node) -> str:
    reference = _child(node, "typeRef")
    return "" if reference is None else _plain_type(_content(reference))


def _plain_type(name: str) -> str:
    """`feel:string`, `{uri}string` -> `string`."""
    return name.rpartition("}")[2].rpartition(":")[2].strip()


def _type(node: Node | None, types: dict[str, str]) -> str:
    name = "" if node is None else _plain_type(node.get("typeRef", "") or _base_type(node))
    return types.get(name) or name


def _text(node: Node | None, language: str) -> Text | None:
    """The text of a cell or expression; None when the element is not there or empty."""
    if node is None:
        return None
    inner = _child(node, "text")
    source = "" if inner is None else _content(inner)
    return Text(source, _language(node.get("expressionLanguage") or language), _line(node if inner is None else inner), node.get("id", ""))


def _language(written: str) -> str:
    """`feel` when nothing is said or a FEEL address stands there (`https://www.omg.org/spec/DMN/20191111/FEEL/`)."""
    word = written.strip().rstrip("/").rpartition("/")[2].lower()
    return word if word and word not in ("feel", "s-feel") else "feel"


def _stated(node: Node | None, language: str) -> Text | None:
    text = _text(node, language)
    return None if text is None or text.empty else text


def _decision(node: Node, language: str, types: dict[str, str]) -> Decision:
    table, expression = _child(node, "decisionTable"), _child(node, "literalExpression")
    variable = _child(node, "variable")
    names = _names(node)
    strange = [etree.QName(child).localname for child in _elements(node) if etree.QName(child).localname not in _HARMLESS]
    return Decision(
        id=node.get("id", ""),
        name=node.get("name", "").strip(),
        variable=names[-1] if names else node.get("id", ""),
        type=_type(variable, types) or _type(expression, types),
        table=None if table is None else _table(table, language, types, names[-1] if names else node.get("id", "")),
        expression=_text(expression, language),
        requires=tuple(_required(node)),
        strange=tuple(strange),
        line=_line(node),
    )


def _with_strange(decision: Decision, part: str) -> Decision:
    return Decision(**{**decision.__dict__, "strange": (*decision.strange, part)})


def _required(node: Node) -> Iterator[str]:
    for requirement in _children(node, "informationRequirement"):
        for reference in _children(requirement, "requiredDecision"):
            yield reference.get("href", "").removeprefix("#")


def _table(node: Node, language: str, types: dict[str, str], name: str) -> Table:
    outputs = [_output(child, language, types) for child in _children(node, "output")]
    if len(outputs) == 1 and not outputs[0].name:
        outputs = [Output(outputs[0].label or name, name, outputs[0].type, outputs[0].allowed, outputs[0].default)]
    rules = []
    for number, rule in enumerate(_children(node, "rule"), start=1):
        tests = tuple(_text(cell, language) or Text("") for cell in _children(rule, "inputEntry"))
        results = tuple(_text(cell, language) or Text("") for cell in _children(rule, "outputEntry"))
        notes = [_content(cell).strip() for cell in _children(rule, "annotationEntry", "description")]
        rules.append(Rule(number, tests, results, tuple(note for note in notes if note), rule.get("id", "")))
    inputs = tuple(_input(child, language, types, at) for at, child in enumerate(_children(node, "input"), start=1))
    policy = node.get("hitPolicy", "UNIQUE").strip().upper() or "UNIQUE"
    return Table(policy, node.get("aggregation", "").strip().upper(), inputs, tuple(outputs), tuple(rules))


def _input(node: Node, language: str, types: dict[str, str], at: int) -> Input:
    holder = _child(node, "inputExpression")
    expression = _text(holder, language) or Text("", line=_line(node), id=node.get("id", ""))
    label = node.get("label", "").strip() or expression.source.strip() or f"{at}"
    allowed = _stated(_child(node, "inputValues"), language)
    return Input(label, expression, _type(holder, types), allowed, node.get(f"{_CAMUNDA}inputVariable", "").strip())


def _output(node: Node, language: str, types: dict[str, str]) -> Output:
    name, label = node.get("name", "").strip(), node.get("label", "").strip()
    allowed, default = _stated(_child(node, "outputValues"), language), _stated(_child(node, "defaultOutputEntry"), language)
    return Output(label or name, name, _type(node, types), allowed, default)
