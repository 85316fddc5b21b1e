using System.CommandLine;
using EbpfLb.Agent.Tests.Fakes;

namespace EbpfLb.Agent.Tests.Commands;

/// <summary>Each option of each command as somebody leaves it whose value was an empty variable of a script.</summary>
public sealed class MissingValueTests
{
    public static TheoryData<string, string> Options()
    {
        var data = new TheoryData<string, string>();
        using var line = new TestCommandLine();
        foreach (var (path, command) in Commands(line.Root(), []))
        {
            foreach (var option in command.Options.Where(o => o.Arity.MinimumNumberOfValues > 0))
            {
                foreach (var name in option.Aliases.Prepend(option.Name)) data.Add(string.Join(' ', path), name);
            }
        }
        return data;
    }

    [Theory]
    [MemberData(nameof(Options))]
    public async Task An_option_without_its_value_is_named(string command, string option)
    {
        using var line = new TestCommandLine().StopAtSource();
        Assert.Equal(2, await line.RunAsync([.. command.Split(' ', StringSplitOptions.RemoveEmptyEntries), option]));

        Assert.Contains($"{option}: the value is missing; give ", line.Error);
        // Nobody wrote that.
        Assert.DoesNotContain("'true'", line.Error);
        Assert.DoesNotContain("Exception", line.Error);
        Assert.Null(line.Seen);
    }

    private static IEnumerable<(string[] Path, Command Command)> Commands(Command command, string[] path)
        => command.Subcommands.SelectMany(c => Commands(c, [.. path, c.Name])).Prepend((path, command));
}
