"""isolation.html: the proof as a page that prints on A4, in pt-BR with English beside it."""

from __future__ import annotations

from html import escape
from typing import Any

STYLE = """
:root { color-scheme: light; --ink: #16202c; --soft: #5a6675; --line: #d9dfe7; --good: #0b6b45; --bad: #a31621;
  --pale: #f5f7fa }
* { box-sizing: border-box }
body { font: 15px/1.5 system-ui, "Segoe UI", Roboto, "Liberation Sans", sans-serif; color: var(--ink); background: #fff;
  max-width: 60rem; margin: 2.5rem auto; padding: 0 1.5rem }
header { border-bottom: 3px solid var(--verdict); padding-bottom: 1.2rem; margin-bottom: 1.6rem }
h1 { font-size: 1.7rem; line-height: 1.2; margin: 0 0 .3rem } h2 { font-size: 1.1rem; margin: 2rem 0 .6rem }
[lang=en] { color: var(--soft) } h1 [lang=en], h2 [lang=en] { font-weight: 400 }
.verdict { display: inline-block; margin: .9rem 0 0; padding: .35rem .8rem; border-radius: .3rem; background: var(--verdict);
  color: #fff; font-weight: 600 }
.verdict [lang=en] { color: #fff; font-weight: 400 }
dl.facts { display: flex; flex-wrap: wrap; gap: .3rem 2rem; margin: 1rem 0 0; color: var(--soft) }
dl.facts div { display: flex; gap: .4rem } dl.facts dd { margin: 0; color: var(--ink); font-variant-numeric: tabular-nums }
table { width: 100%; border-collapse: collapse } tr { break-inside: avoid }
td { border-top: 1px solid var(--line); padding: .7rem .8rem .7rem 0; vertical-align: top } td p { margin: 0 }
td.figure { text-align: right; white-space: nowrap; width: 9rem; font-size: 1.35rem; font-weight: 600; line-height: 1.2;
  font-variant-numeric: tabular-nums; padding-right: 1.2rem }
td.figure small { display: block; font-size: .78rem; font-weight: 400; color: var(--soft); white-space: normal }
td.good { color: var(--good) } td.bad { color: var(--bad) } td [lang=en] { font-size: .92em }
ul.problems { padding-left: 1.1rem; color: var(--bad) } ul.problems li { overflow-wrap: anywhere }
table.counts th { text-align: right; font-weight: 600; color: var(--soft); font-size: .85rem; padding: .3rem 0 .3rem 1.2rem;
  vertical-align: bottom } table.counts th:first-child { text-align: left; padding-left: 0 }
table.counts td { padding: .38rem 0 .38rem 1.2rem; text-align: right; font-variant-numeric: tabular-nums }
table.counts td:first-child { text-align: left; padding-left: 0 }
h2 { break-after: avoid } figure { margin: 0 }
pre { background: var(--pale); border: 1px solid var(--line); border-radius: .3rem; padding: .8rem 1rem; overflow-x: auto }
@media (max-width: 40rem) { td.figure { width: 6rem } }
@media print { body { margin: 0; max-width: none; font-size: 10.5pt } @page { size: A4; margin: 16mm }
  .verdict { print-color-adjust: exact; -webkit-print-color-adjust: exact } }
"""
KINDS = {
    "rls off": "segurança por linha desligada · row-level security off",
    "force off": "dono da tabela isento · owner exempt from the policy",
    "policy dropped": "política removida · policy dropped",
    "policy open": "política aberta a todos · policy open to all",
    "policy check open": "gravação para outros permitida · foreign rows may be written",
    "policy fails open": "sem tenant, tudo visível · open where no tenant is set",
    "grant": "direitos que a política não julga · rights that policies do not judge",
    "foreign key dropped": "chave estrangeira removida · foreign key dropped",
    "foreign key without tenant": "chave estrangeira sem o tenant · foreign key without the tenant",
    "key dropped": "chave removida · key dropped",
    "key without tenant": "chave sem o tenant · key without the tenant",
    "directory grant": "diretório legível · directory readable",
    "definer search_path": "função sem caminho fixo · function without a fixed search path",
}


def render(told: dict[str, Any]) -> str:
    """The page for what isolation.json says."""
    holds = told["holds"]
    verdict = ("Isolamento mantido", "Isolation holds") if holds else ("Isolamento violado", "Isolation is broken")
    form = {"long": "longa · long", "short": "curta · short"}[told["form"]]
    facts = {
        "Commit": told["commit"],
        "Forma · Form": form,
        "Duração · Took": f"{told['seconds']:g} s",
        "Gerado · Made": told["made_at"],
    }
    return f"""<!doctype html>
<html lang="pt-BR">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>PainelML · Prova de isolamento</title>
<style>:root {{ --verdict: {"var(--good)" if holds else "var(--bad)"} }}{STYLE}</style>
</head>
<body>
<header>
<h1>Prova de isolamento entre tenants <span lang="en">· Proof of tenant isolation</span></h1>
<p class="verdict">{_both(*verdict)}</p>
<dl class="facts">{"".join(f"<div><dt>{escape(name)}</dt><dd>{escape(value)}</dd></div>" for name, value in facts.items())}</dl>
</header>
<main>
{_problems(told["problems"])}
<h2>O que foi medido <span lang="en">· What was measured</span></h2>
<table><tbody>
{"".join(_row(*row) for row in _figures(told))}
</tbody></table>
<h2>Quem atacou quem <span lang="en">· Who attacked whom</span></h2>
{_table(ATTACKS, [_attack(crossing) for crossing in told["crossings"]])}
<h2>As falhas plantadas, por tipo <span lang="en">· The planted faults, by kind</span></h2>
{_table(FAULTS, [_fault(*kind) for kind in sorted(told["mutants_by_kind"].items())])}
<h2>Como repetir <span lang="en">· How to run it again</span></h2>
<pre>git checkout {escape(told["commit"].rstrip("+"))}
make isolation                      # a forma longa, de ponta a ponta · the long form
painel isolation report --short     # em poucos minutos, num sistema no ar · in a few minutes, on a running system</pre>
<p>O que é provado, como, e o que não é: <code>docs/security/isolation.md</code>.<br>
<span lang="en">What is proven, how, and what is not: <code>docs/security/isolation.md</code>.</span></p>
</main>
</body>
</html>
"""


def _figures(told: dict[str, Any]) -> list[tuple[str, str, bool | None, str, str]]:
    """Figure, its unit, whether it is as it must be (None: only a count), and what it means in both languages."""
    searched = told["searched"]
    pins = told["pinning_statements"]
    stores = ", ".join(f"{_number(searched.get(name, 0))} {label}" for name, label in STORES.items())
    stores_en = ", ".join(f"{_number(searched.get(name, 0), 'en')} {label}" for name, label in STORES_EN.items())
    return [
        (
            _number(told["probes"]),
            f"sondagens em {told['routes']} rotas|probes of {told['routes']} routes",
            None,
            "Cada rota, método e parâmetro com identificador do documento OpenAPI, chamado com identificadores e tokens de "
            "outro tenant, malformados, aleatórios ou ausentes: entre tenants do banco comum (pool) e de bancos próprios "
            "(silo), em todas as direções. A resposta tem de ser 404 (403 nas rotas da plataforma), igual "
            "à de um identificador que ninguém tem.",
            "Every route, method and id-bearing parameter of the OpenAPI document, asked with another tenant's, malformed, "
            "random or no ids and tokens: between tenants of the shared database (pool) and of databases of their own (silo), "
            "in all directions. The answer must be 404 (403 on platform routes), as for an id that nothing has.",
        ),
        (
            _number(told["foreign_bytes"]),
            "bytes alheios|foreign bytes",
            told["foreign_bytes"] == 0,
            f"Textos-canário de um tenant procurados em tudo o que serve ao outro: {stores}.",
            f"Canaries of one tenant searched for in everything that serves the other: {stores_en}.",
        ),
        (
            _number(told["violations"]),
            "violações|violations",
            told["violations"] == 0,
            "Respostas, dados alterados ou transações que quebraram uma regra de isolamento.",
            "Answers, changed data or transactions that broke a rule of isolation.",
        ),
        (
            _number(told["interleaved_transactions"]),
            f"transações|transactions, {_number(told['interleaved_per_second'])}/s",
            None,
            "Transações de vários tenants intercaladas em poucas conexões a um pool e a um silo, com erros, desfazimentos, "
            "savepoints e chamadas sem tenant entre elas. Nenhuma leitura leva predicado: só a política do banco protege.",
            "Transactions of several tenants interleaved on few connections to a pool and a silo, with errors, rollbacks, "
            "savepoints and calls without a tenant between them. No read carries a predicate: the database's policy alone "
            "protects.",
        ),
        (
            f"{_number(told['mutants_caught'])} / {_number(told['mutants'])}",
            f"mutantes pegos em {told['tenant_tables']} tabelas|mutants caught, {told['tenant_tables']} tables",
            told["mutants_caught"] == told["mutants"],
            "Cada proteção de cada tabela de tenant retirada uma vez num banco descartável; a auditoria ou o comportamento da "
            "tabela tem de acusar. Um mutante que sobrevive reprova a prova.",
            "Every guard of every tenant table taken away once in a scratch database; the audit or the table's behaviour must "
            "notice. A mutant that survives fails the proof.",
        ),
        (
            _number(told["audit_findings"]),
            f"achados em {told['audit_checks']} verificações|findings, {told['audit_checks']} checks",
            told["audit_findings"] == 0,
            "A auditoria do catálogo do banco em uso (<code>migrations/audit.sql</code>).",
            "The catalogue audit of the running database (<code>migrations/audit.sql</code>).",
        ),
        (
            _number(told["tokens_refused"]),
            "tokens mostrados|tokens shown",
            None,
            "Tokens forjados, adulterados, vencidos, de outro ambiente, de outro silo ou repetidos, mostrados à porta de "
            "entrada real. Cada um tem de receber 401; um aceito conta como violação.",
            "Tokens forged, altered, expired, of another environment or silo or replayed, shown to the real gateway. Each "
            "must be answered 401; one that is accepted counts as a violation.",
        ),
        (
            "–" if pins is None else _number(pins),
            "comandos que prendem|pinning statements",
            None if pins is None else pins == 0,
            "Comandos SQL dos testes que prenderiam uma conexão do RDS Proxy a um cliente"
            + (
                " (não medido neste commit)."
                if pins is None
                else f", entre {_number(told['wire_statements'])} ouvidos na rede."
            ),
            "SQL statements of the tests that would pin an RDS Proxy connection to one client"
            + (
                " (not measured on this commit)."
                if pins is None
                else f", among {_number(told['wire_statements'], 'en')} heard."
            ),
        ),
    ]


ATTACKS = ("atacante → vítima|attacker → victim", "sondagens|probes", "bytes alheios|foreign bytes", "violações|violations")
FAULTS = ("proteção retirada|guard taken away", "plantadas|planted", "pegas|caught")
STORES = {
    "response": "respostas",
    "log": "linhas de log",
    "cache": "chaves do cache",
    "queue": "mensagens em filas",
    "object": "objetos",
}
STORES_EN = {
    "response": "responses",
    "log": "log lines",
    "cache": "cache keys",
    "queue": "queued messages",
    "object": "objects",
}


def _row(figure: str, unit: str, sound: bool | None, meaning: str, english: str) -> str:
    portuguese, _, other = unit.partition("|")
    mark = {True: " good", False: " bad", None: ""}[sound]
    return (
        f'<tr><td class="figure{mark}">{escape(figure)}'
        f'<small>{escape(portuguese)}</small><small lang="en">{escape(other)}</small></td>'
        f'<td><p>{meaning}</p><p lang="en">{english}</p></td></tr>\n'
    )


def _problems(problems: list[str]) -> str:
    if not problems:
        return ""
    listed = "".join(f"<li>{escape(problem)}</li>" for problem in problems)
    return f'<h2>O que falhou <span lang="en">· What failed</span></h2>\n<ul class="problems">{listed}</ul>'


def _table(headings: tuple[str, ...], rows: list[tuple[str, ...]]) -> str:
    """The first column is text, the others are counts."""
    head = "".join(f'<th scope="col">{_both(*heading.split("|"))}</th>' for heading in headings)
    body = "".join(f"<tr>{''.join(f'<td>{cell}</td>' for cell in row)}</tr>\n" for row in rows)
    return f'<table class="counts"><thead><tr>{head}</tr></thead><tbody>\n{body}</tbody></table>'


def _attack(crossing: dict[str, Any]) -> tuple[str, ...]:
    counts = (_number(crossing[name]) for name in ("probes", "foreign_bytes", "violations"))
    return (f"{escape(crossing['attacker'])} → {escape(crossing['victim'])}", *counts)


def _fault(kind: str, count: dict[str, int]) -> tuple[str, ...]:
    portuguese, _, english = KINDS.get(kind, kind).partition(" · ")
    return (_both(portuguese, english or kind), _number(count["planted"]), _number(count["caught"]))


def _both(portuguese: str, english: str) -> str:
    return f'{escape(portuguese)} <span lang="en">· {escape(english)}</span>'


def _number(value: int, language: str = "pt") -> str:
    text = f"{value:,}"
    return text if language == "en" else text.replace(",", ".")
