using System.Text.RegularExpressions;
using EbpfLb.Testing.Processes;
using YamlDotNet.RepresentationModel;

namespace EbpfLb.E2E.Deployment;

/// <summary>What deploy/kubernetes says, as far as tests ask for it.</summary>
internal static partial class KubernetesBase
{
    public static string Directory { get; } = Path.Combine(RepositoryPaths.Root, "deploy", "kubernetes");

    public static YamlMappingNode Pod { get; } = Map(Map(Map(Read("daemonset.yaml"), "spec"), "template"), "spec");

    public static YamlMappingNode Container { get; } = (YamlMappingNode)Assert.Single(Items(Pod, "containers"));

    /// <summary>"CAP_BPF" and so on.</summary>
    public static IReadOnlyList<string> Capabilities { get; } =
        [.. Items(Map(Map(Container, "securityContext"), "capabilities"), "add").Select(c => $"CAP_{c}")];

    /// <summary>Arguments after `ebpflb`.</summary>
    public static IReadOnlyList<string> Arguments { get; } = [.. Items(Container, "args").Select(a => a.ToString())];

    /// <summary>Mounts: where in the pod, which volume, and whether it can be written.</summary>
    public static IReadOnlyList<(string Path, YamlMappingNode Volume, bool IsReadOnly)> Mounts { get; } =
    [
        .. from YamlMappingNode mount in Items(Container, "volumeMounts")
           let volume = Items(Pod, "volumes").Cast<YamlMappingNode>().Single(v => Text(v, "name") == Text(mount, "name"))
           select (Text(mount, "mountPath"), volume, mount.Children.ContainsKey("readOnly") && Text(mount, "readOnly") == "true"),
    ];

    /// <summary>Each allowed (verb, group, resource), in order.</summary>
    public static IReadOnlyList<(string Verb, string Group, string Resource)> Allowed { get; } = AllowedBy(Read("clusterrole.yaml"));

    public static string Config { get; } = File.ReadAllText(Path.Combine(Directory, "config.yaml"));

    /// <summary>What `ebpflb config check` says of a configuration.</summary>
    public static (int Code, string Said) Check(string config)
    {
        var file = Path.GetTempFileName();
        try
        {
            File.WriteAllText(file, config);
            return ChildProcess.Run(new ProcessPlace(null, null), TestNode.Binary, "config", "check", file);
        }
        finally
        {
            File.Delete(file);
        }
    }

    /// <summary>The agent accepts it, once addresses are filled in where there are placeholders; returns what it says.</summary>
    public static string AssertAccepted(string config)
    {
        var (code, said) = Check(Placeholder().Replace(config, "10.0.0.1"));
        Assert.True(code == 0, said);
        return said;
    }

    /// <summary>The host of an address with "&lt;NAME&gt;" in it.</summary>
    [GeneratedRegex(@"(?<=https://)[^\s:]*<[^\s:]*", RegexOptions.None, 1000)]
    private static partial Regex Placeholder();

    public static YamlMappingNode Read(string file) => Parse(File.ReadAllText(Path.Combine(Directory, file)));

    public static YamlMappingNode Parse(string yaml)
    {
        var stream = new YamlStream();
        stream.Load(new StringReader(yaml));
        return (YamlMappingNode)Assert.Single(stream.Documents).RootNode;
    }

    public static IReadOnlyList<(string Verb, string Group, string Resource)> AllowedBy(YamlMappingNode role) =>
    [
        .. (from YamlMappingNode rule in Items(role, "rules")
            from verb in Items(rule, "verbs")
            from @group in Items(rule, "apiGroups")
            from resource in Items(rule, "resources")
            select (verb.ToString(), @group.ToString(), resource.ToString())).Order(),
    ];

    public static YamlMappingNode Map(YamlMappingNode node, string key) => (YamlMappingNode)node.Children[key];

    public static IEnumerable<YamlNode> Items(YamlMappingNode node, string key) => ((YamlSequenceNode)node.Children[key]).Children;

    public static string Text(YamlMappingNode node, string key) => node.Children[key].ToString();
}
