"""Each shell, asked itself, offers what --help lists, and for values what may stand there."""

import pytest
import shells

SCRIPTS = {shells.bash: "bash-completion/completions/pagehaul", shells.zsh: "zsh/vendor-completions/_pagehaul",
           shells.fish: "fish/vendor_completions.d/pagehaul.fish"}


@pytest.fixture(params=SCRIPTS, ids=lambda shell: shell.__name__)
def offers(request, installed, tmp_path):
    """A function: what the shell offers for these words. It is in a folder with one file and one folder."""
    (tmp_path / "orders.yaml").touch()
    (tmp_path / "configs").mkdir()
    return lambda *words: request.param(installed / "usr/share" / SCRIPTS[request.param], tmp_path, "pagehaul", *words)


def test_every_verb_is_offered(offers, helped):
    assert len(helped.verbs) > 10 and offers("") - set(helped.options[""]) == set(helped.verbs)


def test_every_option_of_every_verb_is_offered_and_no_other(offers, helped):
    assert {verb: offers(*filter(None, [verb]), "-") for verb in helped.options} == {verb: set(options) for verb, options in helped.options.items()}


def test_a_word_that_is_begun_is_completed(offers):
    assert offers("ab") == {"abandon"} and offers("check", "--of") == {"--offline"}


def test_options_are_offered_behind_others(offers):
    assert "--offline" in offers("check", "--config", "orders.yaml", "--")


@pytest.mark.parametrize("words, offered", [
    (("run", "-c"), {"orders.yaml", "configs"}),
    (("report", "--html"), {"orders.yaml", "configs"}),
    (("work", "--configs"), {"configs"}),
    (("run", "--if-busy"), {"fail", "wait", "skip"}),
    (("status", "--runs"), set()),
], ids=lambda value: " ".join(value) if isinstance(value, tuple) else "")
def test_a_value_is_what_its_option_takes(offers, words, offered):
    assert offers(*words, "") == offered
