"""The command line: the library's verbs, on files.

Results go to standard output, messages to standard error. The exit code is 0 when all is well, 1 when there is no
menu whose certificate holds, 2 when the input is at fault. A new command is one function with `@app.command`; it
imports what it needs inside, and does its work under `answering`. What reads choices is in `inference.cli`, which adds
its commands to these: that is the program `contracts` as it is installed.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from contracts.cli.commands import (
    CERTIFICATE_FAILS,
    OPTIONS,
    QUIET,
    AsJson,
    ProblemFile,
    answering,
    busy,
    check_writable,
    json_text,
    note,
)
from contracts.cli.explore.command import explore
from contracts.cli.fronts import pareto
from contracts.cli.grids.command import sweep
from contracts.cli.start.verbs import new, validate
from contracts.errors import ProblemError, UnwrittenError

if TYPE_CHECKING:
    from contracts.proof.certificate import Certificate

FEW_DIGITS = 1e-2  # share of the money at stake up to which a broken IC or IR may be a matter of rounding

METHODS = "auto|ironing|cuts|dual|reference"

app = typer.Typer(
    name="contracts",
    help="Menus of contracts for agents whose types you cannot see: designed as convex programs, proven exactly.",
    epilog="Exit codes: 0 all is well, 1 no menu whose certificate holds, 2 bad input.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["--help", "-h"]},
)


def main() -> None:
    """Run the command line."""
    app(prog_name="contracts")


def _print_version(asked: bool) -> None:  # noqa: FBT001  (the signature of an option's callback)
    if asked:
        import contracts

        typer.echo(f"contracts {contracts.__version__} (menuwright)")
        raise typer.Exit


@app.callback()
def _options(
    context: typer.Context,
    *,
    version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version and exit.")
    ] = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Print no messages but the answer and errors.")] = False,
) -> None:
    """Options before any command."""
    QUIET.set(quiet)
    command = getattr(context.command, "commands", {}).get(context.invoked_subcommand)
    OPTIONS.set(
        {
            one.name: (max(one.opts, key=len), one.is_flag)
            for one in getattr(command, "params", ())
            if one.param_type_name == "option"
        }
    )


app.command(epilog="Example: contracts new screening broadband.toml")(new)
app.command(epilog="Example: contracts validate broadband.toml")(validate)


@app.command(epilog="Example: contracts solve broadband.toml --out menu.json")
def solve(
    problem: ProblemFile,
    *,
    out: Annotated[Path | None, typer.Option(metavar="MENU.json", help="Save the menu here, to the last bit.")] = None,
    report: Annotated[
        Path | None, typer.Option(metavar="REPORT.html", help="Write a page with the table and pictures of the menu.")
    ] = None,
    gap: Annotated[float, typer.Option(help="Largest certified distance to the best menu, relative.")] = 1e-6,
    method: Annotated[str, typer.Option(metavar=METHODS, help="Engine; auto picks one by structure.")] = "auto",
    max_options: Annotated[
        int | None, typer.Option(metavar="K", help="Most options on offer, the outside option not counted.")
    ] = None,
    deterministic: Annotated[
        bool, typer.Option("--deterministic", help="Offer whole goods only: corners of the box or the simplex.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Find the best menu, contract (hidden action) or mechanism (several agents); prove it, print it."""
    with answering(as_json=as_json) as answer:
        from contracts.cli.reading import read_any
        from contracts.cli.solving import solved, write_report

        check_writable(("--out", out, ".json"), ("--report", report, ".html"), inputs=[problem])
        described = read_any(problem)
        with busy(f"solving {problem.stem}"):
            found = solved(described, method=method, gap=gap, max_options=max_options, deterministic=deterministic)
        answer.give(
            json_text(found.to_dict()) if as_json else str(found),
            ("saved", out, found.save),
            ("wrote", report, lambda path: write_report(found, path, title=problem.stem)),
        )


@app.command(epilog="Example: contracts verify broadband.toml menu.csv --tolerance 0.01")
def verify(
    problem: ProblemFile,
    menu: Annotated[
        Path,
        typer.Argument(metavar="MENU", readable=False, help="Menu file: .json, .csv or .parquet, saved or typed."),
    ],
    *,
    gap: Annotated[
        float | None,
        typer.Option(
            help="Ask for this relative gap too. By default: what a saved menu was solved to, nothing of a typed one.",
        ),
    ] = None,
    tolerance: Annotated[
        float, typer.Option(help="Utility that IC and IR may miss, for menus typed with few digits.")
    ] = 0.0,
    as_json: AsJson = False,
) -> None:
    """Check a menu from anywhere against a problem, exactly and without a solver; exit code 1 if it fails."""
    with answering(as_json=as_json) as answer:
        from contracts.cli.menu_files import certify_file
        from contracts.cli.problem_files import read_problem

        certificate, written = certify_file(read_problem(problem), menu, gap=gap, tolerance=tolerance)
        if written.differs_in:
            note(
                f"Note: {menu} was solved for a problem with other {', '.join(written.differs_in)}; its contracts are "
                f"checked against {problem}, the bound is the full-information value"
            )
        answer.give(json_text(certificate.to_dict()) if as_json else str(certificate))
    if not certificate.holds:
        typer.echo(f"{menu} fails: {_reason(certificate)}", err=True)
        raise typer.Exit(CERTIFICATE_FAILS)


@app.command(epilog="Example: contracts audit menu.csv --problem broadband.toml --report audit.html")
def audit(
    menu: Annotated[
        Path,
        typer.Argument(metavar="MENU", readable=False, help="Menu file, or a price list: a table without types."),
    ],
    *,
    problem: Annotated[
        Path,
        typer.Option(metavar="PROBLEM", readable=False, help="Problem file, .toml or .json, that the menu is for."),
    ],
    repaired: Annotated[
        Path | None, typer.Option(metavar="MENU.json", help="Save the nearest menu that is IC and IR here.")
    ] = None,
    report: Annotated[
        Path | None, typer.Option(metavar="REPORT.html", help="Write a page with what was found, and the cure.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Say what is wrong with a menu from anywhere, by how much, and the smallest cure; exit code 1 if it fails."""
    with answering(as_json=as_json) as answer:
        from contracts.cli.audits import audit_file, to_dict
        from contracts.cli.problem_files import read_problem

        check_writable(("--repaired", repaired, ".json"), ("--report", report, ".html"), inputs=[problem, menu])
        found = audit_file(read_problem(problem), menu)
        cure = found.repaired() if repaired is not None or not found.holds else None
        said = str(found) if cure is None else f"{found}\n\n{cure}"
        answer.give(
            json_text(to_dict(found, cure)) if as_json else said,
            ("saved", repaired, lambda path: cure and cure.menu.save(path)),
            ("wrote", report, lambda path: found.report(path, title=menu.stem)),
        )
    if not found.holds:
        typer.echo(f"{menu} fails: {_reason(found.certificate)}", err=True)
        raise typer.Exit(CERTIFICATE_FAILS)


@app.command(epilog="Example: contracts face menu.json --agents kind.json")
def face(
    menu: Annotated[
        Path, typer.Argument(metavar="MENU.json", readable=False, help="A menu that contracts solve has saved.")
    ],
    *,
    gap: Annotated[
        float | None,
        typer.Option(
            help="How far below the bound others may be, relative; by default 1e-9, or four times its own gap."
        ),
    ] = None,
    agents: Annotated[
        Path | None, typer.Option(metavar="BEST.json", help="Save the one of these menus that agents like best.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Say what all menus that are worth as much have in common, proven, and where they differ."""
    with answering(as_json=as_json) as answer:
        from contracts.faces.face import optimal_face
        from contracts.menu.files import load_menu

        check_writable(("--agents", agents, ".json"), inputs=[menu])
        with busy("looking at all menus worth as much"):
            found = optimal_face(load_menu(menu), gap=gap)
            best = None if agents is None else found.agents_best()
        answer.give(
            json_text(found.to_dict()) if as_json else str(found),
            ("saved", agents, lambda path: best and best.save(path)),
        )


app.command(epilog="Example: contracts pareto broadband.toml --objectives profit,total-surplus --out front.json")(
    pareto
)
app.command(epilog="Example: contracts sweep sweep.toml --out rows")(sweep)
app.command(epilog="Example: contracts explore broadband.toml --no-browser")(explore)


@app.command(epilog='Example: contracts derive "theta*q" --cost "q**2/2" --types "uniform(0, 1)"')
def derive(
    utility: Annotated[str, typer.Argument(metavar="UTILITY", help='v(theta, q), such as "theta*sqrt(q)".')],
    *,
    cost: Annotated[str, typer.Option(metavar="COST", help='c(q), such as "q**2/2".')],
    types: Annotated[
        str,
        typer.Option(metavar="TYPES", help='"uniform(0, 1)", "2*theta on (0, 1)", a number of types, or "low, high".'),
    ],
    weights: Annotated[
        str | None, typer.Option(metavar="W,W,...", help='Shares of listed types, such as "1 - f, f".')
    ] = None,
    parameters: Annotated[str, typer.Option(metavar="NAME,NAME,...", help="Names of positive parameters.")] = "",
    latex: Annotated[bool, typer.Option("--latex", help="Print LaTeX, for amsmath.")] = False,
    html: Annotated[bool, typer.Option("--html", help="Print a page with formulas in MathML.")] = False,
    time_limit: Annotated[
        float, typer.Option(metavar="SECONDS", help="Stop looking for a closed form after so long.")
    ] = 120.0,
    as_json: AsJson = False,
) -> None:
    """Derive the best nonlinear price in closed form, step by step; exit code 1 if types are not regular."""
    with answering(as_json=as_json) as answer:
        from contracts import symbolic
        from contracts.cli.closed_forms import closed_form, failing, shown

        if latex + html + as_json > 1:
            raise ProblemError("--latex, --html and --json each ask for another form of the answer: choose one")

        def derived() -> tuple[Any, str]:
            found = closed_form(utility, cost=cost, types=types, weights=weights, parameters=parameters)
            return found, shown(found, latex=latex, html=html, as_json=as_json)

        with busy("deriving"):
            found, text = symbolic.within(time_limit, derived)
        answer.give(text)
    if (why := failing(found)) is not None:
        typer.echo(f"types are not regular, and have no closed form here: {why}", err=True)
        raise typer.Exit(CERTIFICATE_FAILS)


@app.command(epilog="Example: contracts mechanism trade.toml --out mechanism.json")
def mechanism(
    problem: ProblemFile,
    *,
    out: Annotated[
        Path | None, typer.Option(metavar="MECHANISM.json", help="Save the mechanism here, as fractions.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Find the best mechanism for several agents, prove it, print it; exit code 1 with the conflict if none is."""
    with answering(as_json=as_json) as answer:
        from contracts.cli.mechanisms import read_mechanism_problem
        from contracts.mechanisms.solve import solve_mechanism

        check_writable(("--out", out, ".json"), inputs=[problem])
        described = read_mechanism_problem(problem)
        with busy("solving for all reports"):
            found = solve_mechanism(described)
        answer.give(json_text(found.to_dict()) if as_json else str(found), ("saved", out, found.save))


@app.command(epilog="Example: contracts demo --out out")
def demo(
    *,
    out: Annotated[Path, typer.Option(metavar="FOLDER", help="Folder for the report; made if need be.")] = Path("out"),
    as_json: AsJson = False,
) -> None:
    """Three cultures and one assistant: a menu of policies, or an average? Prints the study, writes its report."""
    with answering(as_json=as_json) as answer:
        from contracts.demo.three_demographics import three_demographics

        if out.exists() and not out.is_dir():
            raise ProblemError(f"--out {out} is a file: name a folder")
        with busy("solving the menus of the study"):
            study, failed = _reached(three_demographics, out)
        answer.give(json_text(study.to_dict()) if as_json else str(study))
        if failed is not None:
            raise failed
    if not study.holds:
        typer.echo("a certificate of the study fails", err=True)
        raise typer.Exit(CERTIFICATE_FAILS)


def _reached(run: Callable[[Path], Any], out: Path) -> tuple[Any, UnwrittenError | None]:
    """What a study found, and why it could not be written, if it could not."""
    try:
        return run(out), None
    except UnwrittenError as exc:
        return exc.reached, exc


def _reason(certificate: Certificate) -> str:
    """Why a certificate fails, and what to do where it may be a matter of digits."""
    if certificate.violations:
        return "a constraint besides IC and IR is broken"
    if certificate.is_incentive_compatible and certificate.is_individually_rational:
        return f"the relative gap {certificate.relative_gap:.1e} exceeds the {certificate.requested_gap:.1e} asked for"
    missing = max(certificate.deviation.gain, -certificate.participation_slack)
    if missing > FEW_DIGITS * certificate.scale:
        return "somebody does better with another contract, or with none"
    return f"IC and IR are compared exactly; if it is typed with few digits, pass --tolerance {_rounded_up(missing)}"


def _rounded_up(amount: float) -> str:
    """The amount with two digits, not below itself."""
    text = f"{amount:.1e}"
    return text if float(text) >= amount else f"{amount * 1.1:.1e}"
