using System.Globalization;
using System.Text.Json.Nodes;
using EbpfLb.Testing.Netns;
using EbpfLb.Testing.Processes;
using YamlDotNet.RepresentationModel;

namespace EbpfLb.E2E.Deployment;

/// <summary>
/// The agent's pod in a container of a real runtime: with the runtime's mounts, devices, masked files, filter of system calls and cgroup.
/// The node's cgroup is the root of all cgroups there, as on a machine of cgroup version 2.
/// </summary>
internal sealed class RuntimePod : AgentPod
{
    /// <summary>As processes of a node: beside its pods, below the root of its cgroups.</summary>
    private const string OnNode = """
        set -e
        umount -R /sys/fs/cgroup
        mount -t cgroup2 cgroup2 /sys/fs/cgroup
        echo $$ >/sys/fs/cgroup/host/cgroup.procs
        exec "$@"
        """;

    private readonly ContainerRuntime runtime;
    private readonly ContainerSpec spec;
    private IReadOnlyDictionary<string, string> environment = new Dictionary<string, string>();
    private int containers;

    /// <param name="account">Files of the service account, by name.</param>
    /// <param name="cgroupNamespace">See <see cref="ContainerSpec"/>.</param>
    public RuntimePod(NodeNetns node, IReadOnlyDictionary<string, string> account, ContainerRuntime runtime, bool cgroupNamespace)
        : base(node, account)
    {
        this.runtime = runtime;
        var (code, said) = ChildProcess.Run(
            new ProcessPlace(null, null), RepositoryPaths.Tool("tar"), "-xzf", Image.LayerFile, "-C", PathOf("root"));
        Assert.True(code == 0, said);
        spec = new ContainerSpec(runtime.Specification(KubernetesBase.Capabilities), cgroupNamespace)
        {
            SourceOf = SourceOf, Root = PathOf("root"), Account = PathOf("account"),
        };
    }

    /// <summary>A system call that its filter refuses besides.</summary>
    public string? Refused { get; init; }

    protected override string CgroupRoot => "";

    /// <summary>The container that runs the agent.</summary>
    private string Id { get; set; } = "";

    private ProcessPlace Place => Node.Place with { CgroupPath = Node.Cgroup.Path };

    /// <summary>Runs a command in the container of the agent, as `kubectl exec` does.</summary>
    public (int ExitCode, string Output) Exec(string verb, params IReadOnlyList<string> arguments) => ChildProcess.Run(Place,
        [.. RuntimeCommand, "exec", Id, .. Image.Entrypoint, verb, .. arguments, "--instance", Node.Netns]);

    public override (int ExitCode, string Output) Command(string verb, params IReadOnlyList<string> arguments)
        => ChildProcess.Run(Place, NewContainer([verb, .. arguments, "--instance", Node.Netns]).Run);

    /// <summary>/proc/PID/status of the agent's process.</summary>
    public IReadOnlyList<string> Status()
    {
        var (code, state) = ChildProcess.Run(Place, [.. RuntimeCommand, "state", Id]);
        Assert.True(code == 0, state);
        return File.ReadAllLines($"/proc/{JsonNode.Parse(state)!["pid"]}/status");
    }

    /// <summary>Kills the agent itself, as the kernel does when memory is short; the container ends with it.</summary>
    public void Kill(ChildProcess agent)
    {
        var (code, said) = ChildProcess.Run(Place, [.. RuntimeCommand, "kill", Id, "KILL"]);
        Assert.True(code == 0, said);
        agent.WaitForExit();
    }

    public override void Dispose()
    {
        // What a test that failed has left: the runtime's command is not what the agent ends with.
        for (var number = 1; number <= containers; number++)
            ChildProcess.Run(Place, [.. RuntimeCommand, "delete", "--force", IdOf(number)]);
        base.Dispose();
    }

    protected override ChildProcess Start(IReadOnlyList<string> arguments, IReadOnlyDictionary<string, string> environment)
    {
        this.environment = environment;
        (Id, var run) = NewContainer(arguments);
        return ChildProcess.Start(Place, run);
    }

    private IReadOnlyList<string> RuntimeCommand =>
    [
        RepositoryPaths.Tool("unshare"), "--mount", "--cgroup", "--propagation", "private", "--", "/bin/bash", "-c", OnNode, "node",
        .. runtime.Command(PathOf("state")),
    ];

    private (string Id, IReadOnlyList<string> Run) NewContainer(IReadOnlyList<string> arguments)
    {
        var id = IdOf(++containers);
        var config = spec.For($"/kubepods/pod-ebpflb/{id}", [.. Image.Entrypoint, .. arguments], environment);
        if (Refused is not null) Refuse(config["linux"]!["seccomp"]!["syscalls"]!.AsArray(), Refused);
        var bundle = System.IO.Directory.CreateDirectory(PathOf(id)).FullName;
        File.WriteAllText(Path.Combine(bundle, "config.json"), config.ToJsonString());
        return (id, [.. RuntimeCommand, "run", "--bundle", bundle, id]);
    }

    private string IdOf(int number) => string.Create(CultureInfo.InvariantCulture, $"{Node.Netns}-{number}");

    private static void Refuse(JsonArray rules, string call)
    {
        var allowed = rules.SelectMany(rule => rule!["names"]!.AsArray()).Where(name => name!.GetValue<string>() == call).ToList();
        Assert.NotEmpty(allowed);
        foreach (var name in allowed) name!.Parent!.AsArray().Remove(name);
    }

    private string SourceOf(YamlMappingNode volume) => KubernetesBase.Text(volume, "name") switch
    {
        "run" or "config" => PathOf(KubernetesBase.Text(volume, "name")),
        _ => KubernetesBase.Text(KubernetesBase.Map(volume, "hostPath"), "path"),
    };
}
