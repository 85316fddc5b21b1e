using System.Runtime.InteropServices;
using System.Text.Json.Nodes;

namespace EbpfLb.E2E.Deployment;

/// <summary>
/// The filter of system calls in the format of Docker, Podman and CRI-O: rules that count or not by a container's capabilities and the
/// machine. Runtimes want it with just those that count.
/// </summary>
internal static class SeccompProfile
{
    /// <param name="file">Such a profile.</param>
    /// <param name="capabilities">"CAP_BPF" and so on.</param>
    public static JsonObject Of(string file, IReadOnlyCollection<string> capabilities)
    {
        var profile = JsonNode.Parse(File.ReadAllText(file))!.AsObject();
        var (machine, architecture) = RuntimeInformation.OSArchitecture switch
        {
            Architecture.Arm64 => ("arm64", "SCMP_ARCH_AARCH64"),
            _ => ("amd64", "SCMP_ARCH_X86_64"),
        };
        var family = Items(profile, "archMap").Single(a => Text(a["architecture"]) == architecture);
        var rules = Items(profile, "syscalls").Where(rule => Counts(rule, machine, capabilities)).ToList();
        Assert.True(rules.Count > 2, $"{file} has no rules");
        return new JsonObject
        {
            ["defaultAction"] = profile["defaultAction"]!.DeepClone(),
            ["defaultErrnoRet"] = profile["defaultErrnoRet"]!.DeepClone(),
            ["architectures"] = new JsonArray([architecture, .. Items(family, "subArchitectures").Select(a => a.DeepClone())]),
            ["syscalls"] = new JsonArray([.. rules.Select(Stripped)]),
        };
    }

    private static bool Counts(JsonNode rule, string machine, IReadOnlyCollection<string> capabilities)
    {
        var (includes, excludes) = (rule["includes"], rule["excludes"]);
        return Items(includes, "caps").All(c => capabilities.Contains(Text(c)))
            && (Items(includes, "arches") is not { Count: > 0 } arches || arches.Any(a => Text(a) == machine))
            && !Items(excludes, "caps").Any(c => capabilities.Contains(Text(c)))
            && Items(excludes, "arches").All(a => Text(a) != machine);
    }

    /// <summary>Without what says when it counts.</summary>
    private static JsonNode Stripped(JsonNode rule)
    {
        var stripped = new JsonObject();
        foreach (var field in new[] { "names", "action", "errnoRet", "args" })
            if (rule[field] is { } value) stripped[field] = value.DeepClone();
        return stripped;
    }

    private static IReadOnlyList<JsonNode> Items(JsonNode? node, string field)
        => node?[field] is JsonArray array ? [.. array.Select(item => item!)] : [];

    private static string Text(JsonNode? node) => node!.GetValue<string>();
}
