using System.CommandLine;
using System.Text.RegularExpressions;
using EbpfLb.Agent.Commands;
using EbpfLb.Agent.Tests.Fakes;
using EbpfLb.Testing.Processes;

namespace EbpfLb.Agent.Tests.Commands;

/// <summary>
/// Every command line of the documentation and of the help is one that the program takes. Those with a placeholder, such as FILE, are
/// looked at for commands and options only; all others are parsed with their values.
/// </summary>
public sealed partial class DocumentedCommandsTests
{
    /// <summary>There are more; fewer would mean that they are not found.</summary>
    private const int LeastLines = 200;

    [Fact]
    public void Each_command_line_of_the_documentation_is_one_that_the_program_takes()
    {
        using var line = new TestCommandLine();
        var lines = Documents().SelectMany(LinesOf).ToList();
        Assert.True(lines.Count >= LeastLines, $"only {lines.Count} command lines were found");
        var wrong = lines.SelectMany(l => Faults(line, l.Text).Select(fault => $"{l.Place}: ebpflb {l.Text}: {fault}")).ToList();
        Assert.True(wrong.Count == 0, string.Join('\n', wrong));
    }

    [Fact]
    public void Each_example_of_the_help_is_one_that_the_program_takes()
    {
        using var line = new TestCommandLine();
        var wrong = HelpExamples.Examples.Values.SelectMany(e => e).SelectMany(Commands)
            .SelectMany(text => Faults(line, text).Select(fault => $"ebpflb {text}: {fault}")).ToList();
        Assert.True(wrong.Count == 0, string.Join('\n', wrong));
    }

    [Theory]
    [InlineData("nosuch", "'nosuch' is no command")]
    [InlineData("services --nosuch", "has no option --nosuch")]
    [InlineData("services -o xml", "'xml' is not one of")]
    [InlineData("services FILE --nosuch", "has no option --nosuch")]
    [InlineData("config nosuch FILE", "has no command nosuch")]
    [InlineData("services -o 'jsonpath={.a'", "column 4")]
    public void What_the_program_does_not_take_is_found(string text, string fault)
    {
        using var line = new TestCommandLine();
        Assert.Contains(Faults(line, text), f => f.Contains(fault, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("ebpflb services -o json | jq '.a | .b'", "services -o json")]
    [InlineData("ebpflb top --once      one measurement", "top --once")]
    [InlineData("ebpflb status; ebpflb drops # why", "status\ndrops")]
    [InlineData("source <(ebpflb completion bash)", "completion bash")]
    [InlineData("x >f; ebpflb run --a \"b | c\" >out", "run --a \"b | c\"")]
    public void Command_lines_end_where_the_shell_ends_them(string text, string expected)
        => Assert.Equal(expected.Split('\n'), Commands(text));

    private static IEnumerable<string> Documents() => Directory
        .EnumerateFiles(Path.Combine(RepositoryPaths.Root, "docs"), "*.md", SearchOption.AllDirectories).Order(StringComparer.Ordinal)
        .Prepend(Path.Combine(RepositoryPaths.Root, "README.md"));

    private static IEnumerable<(string Place, string Text)> LinesOf(string file)
    {
        var isBlock = false;
        var before = "";
        foreach (var (index, read) in File.ReadLines(file).Index())
        {
            var line = before + read;
            before = "";
            if (line.TrimStart().StartsWith("```", StringComparison.Ordinal))
            {
                isBlock = !isBlock;
                continue;
            }
            if (isBlock && line.EndsWith('\\'))
            {
                before = line[..^1];
                continue;
            }
            var place = $"{Path.GetRelativePath(RepositoryPaths.Root, file)}:{index + 1}";
            IEnumerable<string> codes = isBlock || line.StartsWith("    ", StringComparison.Ordinal) ? [line]
                : Code().Matches(line).Select(m => m.Groups["code"].Value);
            foreach (var command in codes.SelectMany(Commands)) yield return (place, command);
        }
    }

    /// <summary>The arguments of each ebpflb in a line of shell; what follows several blanks says what it does.</summary>
    private static IEnumerable<string> Commands(string line)
    {
        foreach (Match match in Program().Matches(line))
        {
            var (end, quote) = (match.Index + match.Length, '\0');
            var begin = end;
            for (; end < line.Length; end++)
            {
                var c = line[end];
                if (quote != '\0') quote = c == quote ? '\0' : quote;
                else if (c is '"' or '\'') quote = c;
                else if (c is ';' or '&' or '>' or '<' or ')' or ',' || (c == '|' && IsBlank(line, end - 1) && IsBlank(line, end + 1))
                    || (IsBlank(line, end) && (IsBlank(line, end + 1) || line[end + 1] == '#')))
                    break;
            }
            var text = line[begin..end].Trim();
            if (text.Length > 0) yield return text;
        }
    }

    private static bool IsBlank(string line, int at) => at >= line.Length || line[at] == ' ';

    private static IEnumerable<string> Faults(TestCommandLine line, string text)
    {
        var words = Words().Matches(text).Select(m => Unquoted(m.Value)).ToArray();
        // A command alone, without what it needs, is its name in a sentence. An argument may be any word, also one like an option.
        var isWhole = !words.Any(w => Placeholder().IsMatch(w)) && !IsName(line.Root(), words);
        return NameFaults(line, words).Concat(isWhole ? line.Errors(words) : []);
    }

    private static bool IsName(Command command, IEnumerable<string> words)
        => words.All(w => command.Subcommands.FirstOrDefault(c => c.Name == w) is { } sub && (command = sub) is not null);

    private static IEnumerable<string> NameFaults(TestCommandLine line, string[] words)
    {
        Command command = line.Root();
        foreach (var word in words.Select(w => w.Trim('[', ']').Split('|')[0]))
        {
            if (word.StartsWith('-') && word.Length > 1)
            {
                var name = word.Split('=')[0];
                if (name is not ("--help" or "-h") && !command.Options.Any(o => o.Name == name || o.Aliases.Contains(name)))
                    yield return $"{command.Name} has no option {name}";
            }
            else if (command.Subcommands.FirstOrDefault(c => c.Name == word) is { } sub)
            {
                command = sub;
            }
            else if (command.Subcommands.Count > 0 && !Placeholder().IsMatch(word))
            {
                yield return $"{command.Name} has no command {word}";
            }
        }
    }

    /// <summary>As a shell takes the quotes away.</summary>
    private static string Unquoted(string word)
    {
        var text = new System.Text.StringBuilder();
        var quote = '\0';
        foreach (var c in word)
        {
            if (quote == '\0' && c is ('"' or '\'')) quote = c;
            else if (c == quote) quote = '\0';
            else text.Append(c);
        }
        return text.ToString();
    }

    [GeneratedRegex("`(?<code>[^`]+)`", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Code();

    /// <summary>Where a command may begin: also behind variables, sudo, and kubectl's "--".</summary>
    [GeneratedRegex(@"(?<=^\s*|[;&|(]\s*| -- |=\S* |sudo |bin/)ebpflb(?= |$)", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Program();

    [GeneratedRegex("""([^\s"']|"[^"]*"|'[^']*')+""", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Words();

    /// <summary>"FILE", "[SERVICE]", "NAMESPACE/NAME", "a|b", "...".</summary>
    [GeneratedRegex(@"^\[?[A-Z][A-Z]+([/:=_-][A-Z]+)*\]?$|^[^{]*\|[^}]*$|\.\.\.|^\[[a-z-]", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Placeholder();
}
