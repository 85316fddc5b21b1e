using System.Text.RegularExpressions;
using EbpfLb.Testing.Processes;
using YamlDotNet.RepresentationModel;
using static EbpfLb.E2E.Deployment.KubernetesBase;

namespace EbpfLb.E2E.Deployment;

/// <summary>What can be said of deploy/kubernetes without running it.</summary>
public sealed partial class ManifestTests
{
    [Fact]
    public void The_pod_has_the_capabilities_that_are_documented_and_no_others()
    {
        var security = Map(Container, "securityContext");

        Assert.Equal(EbpfLb.Bpf.Privileges.Capabilities.Order(), Capabilities.Order());
        Assert.Equal("ALL", Assert.Single(Items(Map(security, "capabilities"), "drop")).ToString());
        Assert.Equal(("false", "false", "true"),
            (Text(security, "privileged"), Text(security, "allowPrivilegeEscalation"), Text(security, "readOnlyRootFilesystem")));
    }

    [Fact]
    public void The_ClusterRole_is_the_documented_one()
    {
        var documented = Rules().Match(File.ReadAllText(Path.Combine(RepositoryPaths.Root, "docs", "operations.md"))).Value;

        Assert.Equal(AllowedBy(Parse(documented)), Allowed);
    }

    [Fact]
    public void There_is_one_agent_on_every_node_at_any_time_and_a_probe_asks_where_it_listens()
    {
        var update = Map(Map(Map(Read("daemonset.yaml"), "spec"), "updateStrategy"), "rollingUpdate");
        Assert.Equal("0", Text(update, "maxSurge"));
        Assert.Equal("system-node-critical", Text(Pod, "priorityClassName"));
        Assert.Equal("{ { operator, Exists } }", Assert.Single(Items(Pod, "tolerations")).ToString());
        Assert.Equal(("true", "true"), (Text(Pod, "hostNetwork"), Text(Pod, "hostPID")));
        Assert.Equal(
            [("/readyz", "10256"), ("/livez", "10256")],
            new[] { "readinessProbe", "livenessProbe" }.Select(p
                => Map(Map(Container, p), "httpGet")).Select(g => (Text(g, "path"), Text(g, "port"))));
        Assert.Contains("healthzBindAddress: 0.0.0.0:10256", Config, StringComparison.Ordinal);
    }

    [Fact]
    public void The_binding_gives_the_role_to_the_account_that_the_pod_uses()
    {
        var binding = Read("clusterrolebinding.yaml");
        var subject = (YamlMappingNode)Assert.Single(Items(binding, "subjects"));
        var account = Read("serviceaccount.yaml");

        Assert.Equal(Text(Pod, "serviceAccountName"), Text(subject, "name"));
        Assert.Equal(Text(Map(account, "metadata"), "name"), Text(subject, "name"));
        Assert.Equal(Text(Map(Read("clusterrole.yaml"), "metadata"), "name"), Text(Map(binding, "roleRef"), "name"));
        Assert.Equal(Text(Read("kustomization.yaml"), "namespace"), Text(subject, "namespace"));
    }

    [Fact]
    public void Every_file_of_the_base_is_in_the_kustomization_and_every_hostPath_is_mounted_once()
    {
        var kustomization = Read("kustomization.yaml");
        var named = Items(kustomization, "resources").Select(r => r.ToString())
            .Concat(Items(kustomization, "configMapGenerator").Cast<YamlMappingNode>().SelectMany(g
                => Items(g, "files")).Select(f => f.ToString()))
            .Append("kustomization.yaml");

        Assert.Equal(System.IO.Directory.EnumerateFiles(KubernetesBase.Directory).Select(Path.GetFileName).Order(), named.Order());
        Assert.Equal(
            Items(Pod, "volumes").Cast<YamlMappingNode>().Select(v => Text(v, "name")), Mounts.Select(m => Text(m.Volume, "name")));
    }

    [Fact]
    public void What_the_Dockerfile_copies_and_calls_is_there()
    {
        var dockerfile = File.ReadAllText(Path.Combine(RepositoryPaths.Root, "deploy", "Dockerfile"));
        var words = Regex.Match(dockerfile, "^RUN make (?<words>.+)$", RegexOptions.Multiline, TimeSpan.FromSeconds(1))
            .Groups["words"].Value.Split(' ');
        var makefile = File.ReadAllText(Path.Combine(RepositoryPaths.Root, "Makefile"));

        var targets = words.Where(w => !w.Contains('=', StringComparison.Ordinal)).ToList();
        Assert.NotEmpty(targets);
        Assert.All(targets, target => Assert.Matches($"(?m)^{target}:", makefile));
        // The context has no .git, so the commit is said to the build, and by make to .NET, which writes it behind the version.
        Assert.Contains(".git", File.ReadAllLines(Path.Combine(RepositoryPaths.Root, ".dockerignore")));
        Assert.Equal("COMMIT=$COMMIT", Assert.Single(words.Except(targets)));
        Assert.Matches("(?s)\nFROM debian:12 AS build\n(?:(?!\nFROM ).)*\nARG COMMIT\nRUN make ", dockerfile);
        Assert.Contains("\nPUBLISH := dotnet publish ", makefile, StringComparison.Ordinal);
        Assert.Contains(" $(if $(COMMIT),-p:SourceRevisionId=$(COMMIT))\n", makefile, StringComparison.Ordinal);
        Assert.Contains(
            "--build-arg COMMIT=", File.ReadAllText(Path.Combine(RepositoryPaths.Root, "docs", "install.md")), StringComparison.Ordinal);
        // What its last stage is made of is tried by PodTests.
        Assert.Contains("\nFROM scratch\nCOPY --from=build /src/build/image/root/ /\n", dockerfile, StringComparison.Ordinal);
    }

    [GeneratedRegex(@"(?<=^### ClusterRole$.*?^```\n)rules:.*?(?=^```)", RegexOptions.Multiline | RegexOptions.Singleline, 1000)]
    private static partial Regex Rules();
}
