using System.Globalization;
using System.Text.RegularExpressions;
using EbpfLb.Testing.Manifests;
using EbpfLb.Testing.Netns;
using EbpfLb.Testing.Processes;

namespace EbpfLb.E2E.Commands;

/// <summary>
/// Every command line that stands in a block of docs/operations.md and of its pages, run by a shell as it stands there, in its order, on
/// a node with an agent; then what these pages and those on installing, upgrades, kernels and security name in their text, where it is a
/// whole command that only asks. What goes on until it is interrupted is ended, when it has answered.
/// </summary>
public sealed partial class OperationsTests : IDisposable
{
    /// <summary>There are more; fewer would mean that they are not found.</summary>
    private const int LeastLines = 45;

    private const int LeastNamed = 12;

    private const int EndedBySigterm = 128 + 15;

    private static readonly string Pages = Path.Combine(RepositoryPaths.Root, "docs");

    private readonly DirectoryInfo home = Directory.CreateTempSubdirectory("operations");
    private readonly TestNode node = new();
    private readonly Dictionary<string, string> environment;

    public OperationsTests()
    {
        var programs = home.CreateSubdirectory("bin").FullName;
        File.CreateSymbolicLink(Path.Combine(programs, "ebpflb"), TestNode.Binary);
        foreach (var tool in (string[])[RepositoryPaths.Tool("jq"), RepositoryPaths.Tool("man")])
            File.CreateSymbolicLink(Path.Combine(programs, Path.GetFileName(tool)), tool);
        environment = new()
        {
            ["PATH"] = $"{programs}:{Environment.GetEnvironmentVariable("PATH")}", ["HOME"] = home.FullName,
            ["EBPFLB_INSTANCE"] = node.Agent.Instance, ["EBPFLB_RUN_DIR"] = node.Agent.RunDirectory,
        };
        home.CreateSubdirectory(".config/fish/completions");
    }

    [Fact]
    public void Each_command_line_of_operations_does_what_it_should_as_it_stands_there()
    {
        Publish("default", "web", 80);
        Publish("shop", "cart", 81);
        var lines = Documents().SelectMany(LinesOf).ToList();
        Assert.True(lines.Count >= LeastLines, $"only {lines.Count} command lines were found");
        Shell("ebpflb config show >config.yaml");
        File.WriteAllText(Path.Combine(home.FullName, "kubeconfig"),
            "{current-context: c, contexts: [{name: c, context: {cluster: c, user: u}}], "
            + "clusters: [{name: c, cluster: {server: \"http://127.0.0.1:9\"}}], users: [{name: u, user: {token: t}}]}");

        string[] others = ["install.md", "upgrades.md", "kernels.md", "security.md"];
        var named = Documents().Concat(others.Select(p => Path.Combine(Pages, p)))
            .SelectMany(file => Question().Matches(File.ReadAllText(file)).Select(m => m.Groups["command"].Value))
            .Distinct().Where(c => !Endless().IsMatch(c)).ToList();
        Assert.True(named.Count >= LeastNamed, $"only {named.Count} commands were found in the text");

        var wrong = lines.Concat(named).Select(Fault).OfType<string>().ToList();

        Assert.True(wrong.Count == 0, string.Join("\n\n", wrong));
        Assert.True(File.Exists(Path.Combine(home.FullName, "node-1.tar.gz")), "the archive of sysdump");
        Assert.Equal(3, home.GetFiles("*.tar.gz").Length);
        Assert.NotEqual(0, new FileInfo(Path.Combine(home.FullName, ".config/fish/completions/ebpflb.fish")).Length);
    }

    public void Dispose()
    {
        node.Dispose();
        home.Delete(recursive: true);
    }

    private void Publish(string within, string name, int number)
    {
        var service = node.NewService("a", "b");
        node.Manifests.Put(new ServiceManifest(name)
        {
            Namespace = within, ClusterIPs = service.Manifest.ClusterIPs, Endpoints = service.Manifest.Endpoints,
            Ports = [new PortManifest("http", "TCP", number, TestNode.TargetPort)],
        });
        Eventually.True(() => node.Agent.Command("backends", $"{within}/{name}").ExitCode == 0, $"{within}/{name} to be programmed");
    }

    /// <summary>null: it went as it should.</summary>
    private string? Fault(string documented)
    {
        var line = Replacements().Aggregate(documented, (text, pair) => text.Replace(pair.Name, pair.Value, StringComparison.Ordinal));
        var isEndless = Endless().IsMatch(line);
        var (code, output) = isEndless ? Ended(line) : Shell(line);
        // No API server is where that kubeconfig says, and to say so is what the command is for.
        var expected = isEndless ? EndedBySigterm : line.Contains("--kubeconfig", StringComparison.Ordinal) ? 1 : 0;
        var isSilent = output.Trim().Length == 0 && !MayBeSilent().IsMatch(line);
        return code == expected && !isSilent ? null : $"{documented}\nended with {code.ToString(CultureInfo.InvariantCulture)}:\n{output}";
    }

    /// <summary>What is elsewhere on this node.</summary>
    private IEnumerable<(string Name, string Value)> Replacements() =>
    [
        ("[fd00:10:244::7]", $"[{node.Backends[0].IPv6}]"), ("10.244.1.7", $"{node.Backends[0].IPv4}"),
        ("/etc/ebpflb/config.yaml", $"{home.FullName}/config.yaml"), ("/var/lib/kube-proxy/", $"{home.FullName}/"),
        ("/tmp/node-1", $"{home.FullName}/node-1"), ("/usr/local/share/zsh/site-functions/", $"{home.FullName}/"),
    ];

    private (int ExitCode, string Output) Shell(string line)
    {
        using var child = Start(line);
        return (child.WaitForExit(TimeSpan.FromSeconds(60)), child.Output);
    }

    private (int ExitCode, string Output) Ended(string line)
    {
        using var child = Start($"exec {line}");
        Eventually.True(
            () => child.HasExited || (MayBeSilent().IsMatch(line) ? IsThere(child.Id) : child.Output.Length > 0), $"'{line}' to answer");
        // Not SIGINT: it is ignored in all that a shell starts in the background, as a run of tests may be.
        child.Signal();
        return (child.WaitForExit(), child.Output);
    }

    private ChildProcess Start(string line) => ChildProcess.Start(node.Node.Place,
        [RepositoryPaths.Tool("bash"), "-c", $"set -o pipefail; cd \"$HOME\"; {line}"], environment);

    /// <summary>Whether the shell has become the program.</summary>
    private static bool IsThere(int process)
        => File.ReadAllText($"/proc/{process}/comm").StartsWith("ebpflb", StringComparison.Ordinal);

    /// <summary>In the order of the table that leads to them.</summary>
    private static IEnumerable<string> Documents()
    {
        var first = Path.Combine(Pages, "operations.md");
        var named = Link().Matches(File.ReadAllText(first)).Select(m => Path.Combine(Pages, m.Groups["page"].Value)).Distinct().ToList();
        var there = Directory.GetFiles(Path.Combine(Pages, "operations"), "*.md");
        Assert.True(there.All(named.Contains), $"not in operations.md: {string.Join(", ", there.Except(named))}");
        return [first, .. named];
    }

    private static IEnumerable<string> LinesOf(string file) => File.ReadAllText(file).Split("```").Where((_, i) => i % 2 == 1)
        .SelectMany(block => block.Split('\n')).Where(line => Program().IsMatch(line)).Select(line => Meaning().Replace(line, "").Trim());

    [GeneratedRegex(@"\]\((?<page>operations/[a-z]+\.md)", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Link();

    [GeneratedRegex(@"^(source <\()?ebpflb ", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Program();

    /// <summary>Without what stands for something: "FILE", "NAMESPACE/NAME", "a|b".</summary>
    [GeneratedRegex(
        "`(?<command>ebpflb (status|services|backends|drops|doctor|history|verify|drain|migrate plan|config show"
            + "|conntrack (list|count))(?=[ `])[^`A-Z|]*)`",
        RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Question();

    /// <summary>Behind several blanks, which no command has in it, stands what it does.</summary>
    [GeneratedRegex(" {2,}.*$", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Meaning();

    [GeneratedRegex(@" (-w|--watch|-f|--follow)\b(?! /)|ebpflb (monitor|top(?!.* --(once|count)))\b", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Endless();

    /// <summary>Into a file, or nothing that is asked for is there.</summary>
    [GeneratedRegex("completion|jsonpath|select|monitor .*--", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex MayBeSilent();
}
