using System.Text.Json.Nodes;
using YamlDotNet.RepresentationModel;
using static EbpfLb.E2E.Deployment.KubernetesBase;

namespace EbpfLb.E2E.Deployment;

/// <summary>
/// The specification of the agent's container, of the DaemonSet's manifest: what kubelet and runtime make of its fields.
/// </summary>
/// <param name="specification">What containerd gives a container by default; see <see cref="ContainerRuntime"/>.</param>
/// <param name="cgroupNamespace">Whether it has its own, as runtimes do on hosts of cgroup version 2.</param>
internal sealed class ContainerSpec(JsonObject specification, bool cgroupNamespace)
{
    /// <summary>Where the machine's files of a volume are: a hostPath of the manifest, or a directory of the test for it.</summary>
    public required Func<YamlMappingNode, string> SourceOf { get; init; }

    /// <summary>The image's layer, unpacked.</summary>
    public required string Root { get; init; }

    /// <summary>Files of the service account.</summary>
    public required string Account { get; init; }

    /// <summary>config.json for a command.</summary>
    /// <param name="cgroup">Its cgroup, below the root of the machine's.</param>
    public JsonObject For(string cgroup, IEnumerable<string> command, IReadOnlyDictionary<string, string> environment)
    {
        var security = Map(Container, "securityContext");
        Assert.Equal("0", Text(security, "runAsUser"));
        var spec = specification.DeepClone().AsObject();
        var process = spec["process"]!.AsObject();
        process["args"] = Texts(command);
        process["env"] = Texts(["PATH=/usr/bin", .. environment.Select(e => $"{e.Key}={e.Value}")]);
        process["noNewPrivileges"] = Text(security, "allowPrivilegeEscalation") == "false";
        // Of containers of a pod they are those of the daemon.
        process.Remove("rlimits");
        foreach (var set in (string[])["bounding", "effective", "permitted"]) process["capabilities"]![set] = Texts(Given());
        spec["root"] = new JsonObject { ["path"] = Root, ["readonly"] = Text(security, "readOnlyRootFilesystem") == "true" };
        spec["mounts"] = Mounts(spec["mounts"]!.AsArray());
        var linux = spec["linux"]!.AsObject();
        linux["cgroupsPath"] = cgroup;
        linux["namespaces"] = Namespaces();
        Assert.Equal("RuntimeDefault", Text(Map(Map(Pod, "securityContext"), "seccompProfile"), "type"));
        return spec;
    }

    /// <summary>Whether this process has the capability of that name, bit 24, which tests are run without in some places.</summary>
    public static bool HasSysResource
    {
        get
        {
            var bounding = File.ReadLines("/proc/self/status").Single(l => l.StartsWith("CapBnd:", StringComparison.Ordinal))[7..].Trim();
            return (Convert.ToUInt64(bounding, 16) >> 24 & 1) != 0;
        }
    }

    /// <summary>Those of the manifest, but for what this process could not give away: without it only an OOM score is not set.</summary>
    private static IEnumerable<string> Given() => Capabilities.Where(c => c != "CAP_SYS_RESOURCE" || HasSysResource);

    /// <summary>Of the host: network and processes as the manifest says, and with the network its name.</summary>
    private JsonArray Namespaces()
    {
        Assert.Equal(("true", "true"), (Text(Pod, "hostNetwork"), Text(Pod, "hostPID")));
        return [.. new[] { "ipc", "mount" }.Concat(cgroupNamespace ? ["cgroup"] : []).Select(type => new JsonObject { ["type"] = type })];
    }

    /// <summary>Without /run, which pods have of the image; with the cgroups that each container sees, and the pod's volumes.</summary>
    private JsonArray Mounts(JsonArray usual) =>
    [
        .. usual.Where(m => m!["destination"]!.GetValue<string>() != "/run").Select(m => m!.DeepClone()),
        Mount("/sys/fs/cgroup", "cgroup", "cgroup", "nosuid", "noexec", "nodev", "relatime", "ro"),
        Mount("/var/run/secrets/kubernetes.io/serviceaccount", "bind", Account, "rbind", "rprivate", "ro"),
        .. KubernetesBase.Mounts.Select(m => Mount(m.Path, "bind", SourceOf(m.Volume), "rbind", "rprivate", m.IsReadOnly ? "ro" : "rw")),
    ];

    private static JsonObject Mount(string path, string type, string source, params string[] options)
        => new JsonObject { ["destination"] = path, ["type"] = type, ["source"] = source, ["options"] = Texts(options) };

    private static JsonArray Texts(IEnumerable<string> texts) => [.. texts.Select(t => (JsonNode)t)];
}
