using EbpfLb.Testing.Processes;

namespace EbpfLb.E2E.Commands;

/// <summary>What shells offer that have read deploy/completion.</summary>
public sealed class CompletionTests
{
    [Theory]
    [InlineData("ebpflb sta", "status")]
    [InlineData("ebpflb conntrack f", "flush")]
    [InlineData("ebpflb services --namesp", "--namespace")]
    [InlineData("ebpflb conntrack list --ph", "--phase")]
    [InlineData("ebpflb migrate ro", "rollback")]
    [InlineData("ebpflb nothing-begins-so", "")]
    public void It_completes_commands_and_options(string line, string expected)
    {
        const string script = """
            source "$1"; program=$2; line=$3
            read -ra COMP_WORDS <<<"$line"; COMP_WORDS[0]=$program
            COMP_CWORD=$((${#COMP_WORDS[@]} - 1)) COMP_LINE=$line COMP_POINT=${#line}
            _ebpflb; echo "${COMPREPLY[*]}"
            """;
        var (code, said) = ChildProcess.Run(new ProcessPlace(null, null),
            RepositoryPaths.Tool("bash"), "-c", script, "completion",
            Path.Combine(RepositoryPaths.Root, "deploy", "completion", "ebpflb.bash"), TestNode.Binary, line);

        Assert.True(code == 0, said);
        Assert.Equal(expected, said.Trim());
    }

    [Theory]
    [InlineData("ebpflb conntrack f", "flush")]
    [InlineData("ebpflb sta", "status")]
    [InlineData("ebpflb services --sort ref", "refused")]
    [InlineData("ebpflb services --namesp", "--namespace")]
    [InlineData("ebpflb conntrack list --ph", "--phase")]
    [InlineData("ebpflb nothing-begins-so", "")]
    public void Fish_offers_commands_options_and_values(string line, string expected)
    {
        var (code, said) = ChildProcess.Run(new ProcessPlace(null, null), RepositoryPaths.Tool("fish"), "--no-config", "-c",
            "source $argv[1]; complete -C $argv[2]", Path.Combine(Completions, "ebpflb.fish"), line);

        Assert.True(code == 0, said);
        Assert.Equal(expected, said.Split('\t')[0].Trim());
    }

    /// <summary>A shell of its own behind a pseudo-terminal: completion needs a line editor.</summary>
    [Theory]
    [InlineData("ebpflb conntrack fl", "flush")]
    [InlineData("ebpflb services --sort ref", "refused")]
    [InlineData("ebpflb conntrack list --ph", "--phase")]
    public void Zsh_completes_commands_options_and_values(string line, string expected)
    {
        const string script = """
            zmodload zsh/zpty
            zpty inner zsh -f -i
            zpty -w inner "PS1=; fpath=($1 \$fpath); autoload -U compinit; compinit -D -u"
            zpty -w inner "ebpflb() { print -r -- \"<<\$*>>\" }; print READ''Y"
            zpty -r -m inner seen '*READY*'
            zpty -n -w inner "$2"$'\t\n'
            zpty -r -m inner seen '*>>*'
            print -r -- $seen
            zpty -d inner
            """;
        var (code, said) = ChildProcess.Run(
            new ProcessPlace(null, null), RepositoryPaths.Tool("zsh"), "-f", "-c", script, "completion", Completions, line);

        Assert.True(code == 0, said);
        var words = line.Split(' ')[1..^1].Append(expected);
        Assert.Contains($"<<{string.Join(' ', words)}", said, StringComparison.Ordinal);
    }

    [Fact]
    public void The_files_for_zsh_and_fish_are_read_without_an_error_and_the_manual_page_without_a_warning()
    {
        foreach (var command in (string[][])
        [
            [RepositoryPaths.Tool("zsh"), "-n", Path.Combine(Completions, "_ebpflb")],
            [RepositoryPaths.Tool("fish"), "-n", Path.Combine(Completions, "ebpflb.fish")],
            [RepositoryPaths.Tool("bash"), "-n", Path.Combine(Completions, "ebpflb.bash")],
            [RepositoryPaths.Tool("groff"), "-ww", "-man", "-Tutf8", "-z", ManualPage],
            [RepositoryPaths.Tool("man"), "--warnings", "-l", "-Tutf8", "-Z", ManualPage],
        ])
        {
            var (code, said) = ChildProcess.Run(new ProcessPlace(null, null), command);
            // man prints the page itself, and warnings by the name of its formatter.
            Assert.True(code == 0 && !said.Contains("warning", StringComparison.Ordinal), $"{string.Join(' ', command)}: {said}");
            if (!command[0].EndsWith("man", StringComparison.Ordinal)) Assert.Equal("", said);
        }
    }

    private static string Completions => Path.Combine(RepositoryPaths.Root, "deploy", "completion");

    private static string ManualPage => Path.Combine(RepositoryPaths.Root, "deploy", "man", "ebpflb.8");
}
