using EbpfLb.Agent.Tests.Fakes;
using EbpfLb.Testing.Processes;

namespace EbpfLb.Agent.Tests.Commands;

/// <summary>What shells offer and the manual page are made of the commands as they are.</summary>
public sealed class ReferenceTests
{
    [Theory]
    [InlineData("bash", "deploy/completion/ebpflb.bash")]
    [InlineData("zsh", "deploy/completion/_ebpflb")]
    [InlineData("fish", "deploy/completion/ebpflb.fish")]
    [InlineData("man", "deploy/man/ebpflb.8")]
    public async Task The_files_that_packages_have_are_what_the_command_prints(string what, string file)
    {
        using var line = new TestCommandLine();
        Assert.Equal(0, await line.RunAsync("completion", what));

        var path = Path.Combine(RepositoryPaths.Root, file);
        if (Environment.GetEnvironmentVariable("EBPFLB_GOLDEN") == "write")
            await File.WriteAllTextAsync(path, line.Output, TestContext.Current.CancellationToken);
        Assert.True(line.Output == await File.ReadAllTextAsync(path, TestContext.Current.CancellationToken),
            $"{file} differs from the commands: run this test with EBPFLB_GOLDEN=write");
    }

    [Theory]
    [InlineData("zsh", "(default\\: table)]:table|wide|json|yaml|name|jsonpath=TEMPLATE:(table wide json yaml name jsonpath=)'")]
    [InlineData("zsh", "flush) _ebpflb_conntrack_flush ;;")]
    [InlineData("fish", "complete -c ebpflb -n '__ebpflb_in conntrack list' -l protocol -x -a 'tcp udp sctp' -d 'Only this protocol'")]
    [InlineData("fish", "complete -c ebpflb -n '__ebpflb_at config' -a check")]
    [InlineData("man", ".SS ebpflb services [SERVICE]\n")]
    [InlineData("man", "\\fB\\-w\\fR, \\fB\\-\\-watch\\fR\nAnswer again and again, until interrupted.\n")]
    public async Task Each_has_commands_options_values_and_what_they_do(string what, string expected)
    {
        using var line = new TestCommandLine();
        Assert.Equal(0, await line.RunAsync("completion", what));
        Assert.Contains(expected, line.Output);
    }

    [Fact]
    public async Task Another_shell_is_wrong_usage()
    {
        using var line = new TestCommandLine();
        Assert.Equal(2, await line.RunAsync("completion", "csh"));
        Assert.Contains("'csh' is no shell that is known; give bash, zsh, fish or man", line.Error);
    }
}
