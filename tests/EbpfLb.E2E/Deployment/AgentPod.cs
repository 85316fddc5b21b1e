using System.Net;
using EbpfLb.Testing.Agents;
using EbpfLb.Testing.Netns;
using EbpfLb.Testing.Processes;
using EbpfLb.Testing.Sockets;

namespace EbpfLb.E2E.Deployment;

/// <summary>
/// The pod of the DaemonSet on a node of a test: the image that tools/image writes, with the configuration of deploy/kubernetes and the
/// files of a service account. How its container is made is up to those that inherit.
/// </summary>
internal abstract class AgentPod : IDisposable
{
    /// <summary>Where the DaemonSet mounts the host's cgroups.</summary>
    private const string CgroupMount = "/host/sys/fs/cgroup";

    private readonly DirectoryInfo directory = System.IO.Directory.CreateTempSubdirectory("ebpflb-pod-");
    private readonly HttpClient http;

    /// <param name="account">Files of the service account, by name.</param>
    protected AgentPod(NodeNetns node, IReadOnlyDictionary<string, string> account)
    {
        Node = node;
        Image = ImageLayout.Write(directory.CreateSubdirectory("image").FullName);
        http = NetnsListener.HttpClient(node.Place.NetnsPath!);
        foreach (var name in new[] { "root", "run", "config", "account" }) directory.CreateSubdirectory(name);
        foreach (var (name, content) in account) File.WriteAllText(PathOf("account", name), content);
    }

    protected NodeNetns Node { get; }

    protected ImageLayout Image { get; }

    /// <summary>Its directories "run", "config" and "account" are volumes of the pod; "root" is for its root file system.</summary>
    protected string Directory => directory.FullName;

    /// <summary>Path of the cgroup that hooks are attached to, below the mount of the host's cgroups; "": all of that.</summary>
    protected abstract string CgroupRoot { get; }

    /// <summary>Whether the configuration names the host's cgroups, as that of deploy/kubernetes does.</summary>
    public bool NamesCgroupRoot { get; init; } = true;

    /// <summary>
    /// Starts the agent with the arguments of the DaemonSet and the configuration of deploy/kubernetes, for this node of a test.
    /// </summary>
    public ChildProcess Start(IReadOnlyList<string> arguments, Uri apiServer)
    {
        var cgroupRoot = NamesCgroupRoot ? $"cgroupRoot: {CgroupMount}{CgroupRoot}\n" : "";
        var config = KubernetesBase.Config
            .Replace("https://<API-SERVER>:6443", apiServer.ToString(), StringComparison.Ordinal)
            .Replace($"cgroupRoot: {CgroupMount}", $"{cgroupRoot}instance: {Node.Netns}", StringComparison.Ordinal);
        Assert.Contains($"instance: {Node.Netns}", config, StringComparison.Ordinal);
        Assert.Contains(apiServer.ToString(), config, StringComparison.Ordinal);
        File.WriteAllText(PathOf("config", "config.yaml"), config);
        return Start(
            [.. arguments.Select(a => a.Replace("$(NODE_NAME)", Node.Name, StringComparison.Ordinal))],
            // As the kubelet sets them: an address that nobody serves.
            new Dictionary<string, string>
            {
                ["KUBERNETES_SERVICE_HOST"] = "10.96.0.1", ["KUBERNETES_SERVICE_PORT"] = "443", ["NODE_NAME"] = Node.Name,
            });
    }

    /// <summary>Runs another command in a second container like it.</summary>
    public abstract (int ExitCode, string Output) Command(string verb, params IReadOnlyList<string> arguments);

    /// <summary>Runs the agent's binary on the host, beside the pod.</summary>
    public (int ExitCode, string Output) OnHost(string verb) => ChildProcess.Run(
        Node.Place with { CgroupPath = null },
        [TestNode.Binary, verb, "--instance", Node.Netns, "--run-dir", PathOf("run")]);

    /// <summary>The text of /metrics.</summary>
    public string Metrics() => http.GetStringAsync(new Uri("http://127.0.0.1:10249/metrics")).GetAwaiter().GetResult();

    public void WaitUntilReady(ChildProcess agent) => Eventually.True(
        () =>
        {
            if (agent.HasExited) throw new InvalidOperationException($"the agent ended:\n{agent.Output}");
            try
            {
                using var answer = http.GetAsync(new Uri("http://127.0.0.1:10256/readyz")).GetAwaiter().GetResult();
                return answer.StatusCode == HttpStatusCode.OK;
            }
            catch (HttpRequestException)
            {
                return false;
            }
        },
        () => $"the agent to be ready. Its log:\n{agent.Output}");

    public virtual void Dispose()
    {
        http.Dispose();
        if (System.IO.Directory.Exists(BpfFs.InstancePath(Node.Netns))) Command("cleanup");
        directory.Delete(recursive: true);
    }

    protected abstract ChildProcess Start(IReadOnlyList<string> arguments, IReadOnlyDictionary<string, string> environment);

    protected string PathOf(params IEnumerable<string> names) => Path.Combine([directory.FullName, .. names]);
}
