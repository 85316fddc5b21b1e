using EbpfLb.Testing.Processes;

namespace EbpfLb.E2E.Commands;

/// <summary>What a bash offers that has read deploy/completion.</summary>
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
}
