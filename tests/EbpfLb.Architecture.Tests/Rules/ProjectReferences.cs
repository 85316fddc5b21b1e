using System.Xml.Linq;

namespace EbpfLb.Architecture.Tests.Rules;

/// <summary>One stage, one project: the references allowed between projects keep the flow of data one-way (docs/architecture.md).</summary>
internal static class ProjectReferences
{
    private static readonly string[] Everything
        = ["Model", "Timing", "Configuration", "Kubernetes", "Policy", "Explain", "Abi", "Planning", "Native", "Yaml", "Bpf", "Netlink",
            "Datapath", "Http", "Agent", "Testing"];

    /// <summary>Project, without "EbpfLb.", to what it may reference.</summary>
    private static readonly Dictionary<string, string[]> Allowed = new(StringComparer.Ordinal)
    {
        ["Model"] = [],
        ["Timing"] = [],
        ["Abi"] = [],
        ["Native"] = [],
        ["Yaml"] = [],
        ["Bpf"] = ["Native"],
        ["Netlink"] = ["Native"],
        ["Kubernetes"] = ["Model", "Timing", "Native", "Yaml"],
        ["Configuration"] = ["Model", "Yaml"],
        ["Policy"] = ["Model"],
        // Its own room, so that Policy holds only what decides; nothing that decides may ask it.
        ["Explain"] = ["Model", "Policy"],
        ["Planning"] = ["Model", "Timing", "Policy", "Abi"],
        ["Datapath"] = ["Timing", "Planning", "Abi", "Native", "Bpf", "Netlink"],
        ["Http"] = ["Model", "Timing"],
        ["Agent"] = [
            "Model", "Timing", "Configuration", "Kubernetes", "Policy", "Explain", "Abi", "Planning", "Bpf", "Netlink", "Datapath", "Http"],
        ["Testing"] = ["Model"],
        // The kernel's tables in memory, and tables that fail.
        ["Testing.Tables"] = ["Planning"],
        ["Planning.Tests"] = ["Planning", "Testing", "Testing.Tables"],
        ["Scenarios"] = ["Kubernetes", "Policy", "Explain", "Planning", "Testing", "Testing.Tables"],
        // The real programs against what is explained.
        ["Datapath.Tests"] = ["Datapath", "Explain", "Testing", "Testing.Tables"],
        // Checks the generated types against BTF, so it needs who reads BTF and who generates.
        ["Abi.Tests"] = ["Abi", "Bpf", "abigen", "Testing"],
        ["E2E"] = Everything,
        // Asks whether a program can be loaded at all.
        ["Preconditions.Tests"] = ["Bpf", "Testing"],
        ["Benchmarks"] = Everything,
        ["Company"] = ["Testing"],
        ["Fuzz"] = ["Agent", "Bpf", "Configuration", "Kubernetes", "Testing"],
        ["Chaos"] = ["Abi", "Bpf", "Testing"],
    };

    public static IEnumerable<string> Violations(SourceTree tree)
    {
        foreach (var (path, text) in tree.WithExtension(".csproj"))
        {
            if (!path.StartsWith("src/", StringComparison.Ordinal) && !path.StartsWith("tests/", StringComparison.Ordinal)) continue;
            var project = NameOf(path);
            if (AllowedFor(project) is not { } allowed)
            {
                yield return $"{path}: the project is not in the list of {nameof(ProjectReferences)}; add it with what it may reference";
                continue;
            }
            foreach (var reference in XDocument.Parse(text).Descendants("ProjectReference"))
            {
                var target = NameOf((string?)reference.Attribute("Include") ?? "");
                if (!allowed.Contains(target)) yield return $"{path}: {project} must not reference {target}";
            }
        }
    }

    /// <summary>A test project references its own project and EbpfLb.Testing; what else comes with those.</summary>
    private static string[]? AllowedFor(string project)
    {
        if (Allowed.TryGetValue(project, out var allowed)) return allowed;
        return project.EndsWith(".Tests", StringComparison.Ordinal) ? [project[..^".Tests".Length], "Testing"] : null;
    }

    private static string NameOf(string path)
    {
        var name = Path.GetFileNameWithoutExtension(path.Replace('\\', '/'));
        return name.StartsWith("EbpfLb.", StringComparison.Ordinal) ? name["EbpfLb.".Length..] : name;
    }
}
