using System.Security.Cryptography;
using EbpfLb.Testing.Processes;
using YamlDotNet.RepresentationModel;
using static EbpfLb.E2E.Deployment.KubernetesBase;
using static EbpfLb.E2E.Deployment.RenderedObjects;

namespace EbpfLb.E2E.Deployment;

/// <summary>What kubectl makes of deploy/kubernetes, and of each of deploy/overlays and deploy/components.</summary>
public sealed class OverlayTests
{
    private const string SecurityContext = "securityContext";

    private static readonly string[] NoValue = ["", "null"];

    /// <summary>Where a platform has nodes that are no machines, or have a proxy of their own: those that the agent is for.</summary>
    private static readonly Dictionary<string, string> Machines = new()
    {
        ["eks"] = NotIn("eks.amazonaws.com/compute-type", "fargate, auto"), ["aks"] = NotIn("type", "virtual-kubelet"),
    };

    private static string Overlays { get; } = Path.Combine(RepositoryPaths.Root, "deploy", "overlays");

    public static TheoryData<string> Platforms
        => [.. System.IO.Directory.EnumerateDirectories(Overlays).Select(d => Path.GetFileName(d)).Order()];

    [Fact]
    public void There_is_one_for_each_platform_that_the_page_on_installing_names()
    {
        var page = File.ReadAllText(Path.Combine(RepositoryPaths.Root, "docs", "install.md"));

        Assert.Equal(["aks", "eks", "k3s", "kind", "kubeadm", "openshift"], Platforms.Select(p => p.Data));
        Assert.All(Platforms, p => Assert.Contains($"`{p.Data}`", page, StringComparison.Ordinal));
    }

    [Theory]
    [MemberData(nameof(Platforms))]
    public void Its_pod_is_that_of_the_base_with_a_configuration_of_its_own_that_the_agent_accepts(string platform)
    {
        var directory = Path.Combine(Overlays, platform);
        var rendered = Render(directory);
        var map = Single(rendered, "ConfigMap");
        var config = Text(Map(map, "data"), "config.yaml");
        Assert.Equal(File.ReadAllText(Path.Combine(directory, "config.yaml")), config);
        AssertAccepted(config);

        // A name of its content: with another configuration the pods are new ones.
        var baseName = Text(Map(Single(Render(KubernetesBase.Directory), "ConfigMap"), "metadata"), "name");
        var name = Text(Map(map, "metadata"), "name");
        Assert.NotEqual(baseName, name);
        var expected = PodOf(Render(KubernetesBase.Directory));
        var pod = PodOf(rendered);
        if (platform == "openshift")
        {
            Assert.Equal("{ { level, s0 }, { type, spc_t } }", Map(Map(pod, SecurityContext), "seLinuxOptions").ToString());
            Map(pod, SecurityContext).Children.Remove("seLinuxOptions");
        }
        if (Machines.TryGetValue(platform, out var machines))
        {
            Assert.Equal(Canonical(Parse(machines)), Canonical(Map(pod, "affinity")));
            pod.Children.Remove("affinity");
        }
        Assert.Equal(expected.ToString().Replace(baseName, name, StringComparison.Ordinal), pod.ToString());
        Assert.Contains(name, pod.ToString(), StringComparison.Ordinal);
    }

    /// <summary>Those of k3s and kind have an address that is the same everywhere.</summary>
    [Theory]
    [InlineData("base", "'https://<API-SERVER>:6443'", "<API-SERVER>")]
    [InlineData("kubeadm", "'https://<API-SERVER>:6443'", "<API-SERVER>")]
    [InlineData("eks", "'https://<ENDPOINT>'", "<ENDPOINT>")]
    [InlineData("aks", "'https://<FQDN>:443'", "<FQDN>")]
    [InlineData("openshift", "'https://api-int.<CLUSTER>.<DOMAIN>:6443'", "<CLUSTER>")]
    public void An_address_that_is_not_filled_in_is_refused_by_its_name(string platform, string address, string placeholder)
    {
        var (code, said) = Check(File.ReadAllText(
            Path.Combine(platform == "base" ? KubernetesBase.Directory : Path.Combine(Overlays, platform), "config.yaml")));

        Assert.Equal(1, code);
        Assert.Contains(
            $"apiServers[0]: {address} is not an address of a server: {placeholder} stands for what is to be written there; give the API "
            + "server's own address, such as https://10.0.0.1:6443", said, StringComparison.Ordinal);
    }

    [Fact]
    public void Those_of_OpenShift_allow_the_pod_what_it_asks_for_and_nothing_more()
    {
        var rendered = Render(Path.Combine(Overlays, "openshift"));
        var allowed = Single(rendered, "SecurityContextConstraints");
        var asked = Map(Container, SecurityContext);

        Assert.Equal(
            Items(Map(asked, "capabilities"), "add").Select(c => c.ToString()),
            Items(allowed, "allowedCapabilities").Select(c => c.ToString()));
        Assert.Equal(
            (Text(asked, "privileged"), Text(asked, "allowPrivilegeEscalation"), Text(asked, "readOnlyRootFilesystem")),
            (Text(allowed, "allowPrivilegedContainer"), Text(allowed, "allowPrivilegeEscalation"),
                Text(allowed, "readOnlyRootFilesystem")));
        Assert.Equal(
            (Text(Pod, "hostNetwork"), Text(Pod, "hostPID"), "false"),
            (Text(allowed, "allowHostNetwork"), Text(allowed, "allowHostPID"), Text(allowed, "allowHostIPC")));
        // The account's token is the projected one.
        Assert.Equal(
            Mounts.Select(m => m.Volume.Children.Keys.Select(k => k.ToString()).Single(k => k != "name"))
                .Append("projected").Distinct().Order(),
            Items(allowed, "volumes").Select(v => v.ToString()));
        // Its schema requires these, and takes null.
        Assert.All(["priority", "defaultAddCapabilities", "requiredDropCapabilities"], f => Assert.Contains(Text(allowed, f), NoValue));
        // The same type of SELinux, and the account that may use them.
        Assert.Equal(
            Map(Map(PodOf(rendered), SecurityContext), "seLinuxOptions").ToString(),
            Map(Map(allowed, "seLinuxContext"), "seLinuxOptions").ToString());
        var binding = Assert.Single(rendered, o => Text(o, "kind") == "RoleBinding");
        Assert.Equal(
            Text(Pod, "serviceAccountName"), Text((YamlMappingNode)Assert.Single(Items(binding, "subjects")), "name"));
        var role = Assert.Single(rendered, o => Text(o, "kind") == "ClusterRole"
            && Text(Map(o, "metadata"), "name") == Text(Map(binding, "roleRef"), "name"));
        Assert.Equal([("use", "security.openshift.io", "securitycontextconstraints")], AllowedBy(role));
        Assert.Equal(
            Text(Map(allowed, "metadata"), "name"),
            Assert.Single(Items((YamlMappingNode)Assert.Single(Items(role, "rules")), "resourceNames")).ToString());
    }

    [Fact]
    public void What_was_rendered_is_of_what_is_there_now()
    {
        string[] made =
        [
            KubernetesBase.Directory, .. Platforms.Select(p => Path.Combine(Overlays, p.Data)),
            .. System.IO.Directory.EnumerateDirectories(Path.Combine(RepositoryPaths.Root, "deploy", "components")),
        ];
        Assert.Equal(
            made.Select(RenderedPath).Order(StringComparer.Ordinal),
            System.IO.Directory.EnumerateFiles(Path.Combine(RepositoryPaths.Root, "deploy", "rendered")).Order(StringComparer.Ordinal));
        foreach (var directory in made)
            Assert.Equal(SumOf(directory), File.ReadLines(RenderedPath(directory)).First().Split(' ')[^1]);
    }

    private static string NotIn(string label, string values)
        => "{nodeAffinity: {requiredDuringSchedulingIgnoredDuringExecution: {nodeSelectorTerms: [{matchExpressions: "
            + $"[{{key: {label}, operator: NotIn, values: [{values}]}}]}}]}}}}}}";

    /// <summary>As `make overlays` has it: of the base's files and those of the folder.</summary>
    private static string SumOf(string directory)
    {
        var files = System.IO.Directory.EnumerateFiles(KubernetesBase.Directory).Concat(System.IO.Directory.EnumerateFiles(directory))
            .Distinct().Order(StringComparer.Ordinal).SelectMany(File.ReadAllBytes);
        return Convert.ToHexStringLower(SHA256.HashData(files.ToArray()));
    }

    private static string RenderedPath(string directory) => Path.Combine(
        RepositoryPaths.Root, "deploy", "rendered",
        $"{(directory == KubernetesBase.Directory ? "base" : Path.GetFileName(directory))}.yaml");

    private static List<YamlMappingNode> Render(string directory) => RenderedObjects.Read(RenderedPath(directory));
}
