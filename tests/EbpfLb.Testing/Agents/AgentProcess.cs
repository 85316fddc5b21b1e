using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text.Json;
using System.Text.RegularExpressions;
using EbpfLb.Testing.Kernel;
using EbpfLb.Testing.Netns;
using EbpfLb.Testing.Processes;
using EbpfLb.Testing.Sockets;

namespace EbpfLb.Testing.Agents;

/// <summary>
/// A real agent on a node: started, asked, killed, started again, and cleaned up with everything that it pinned. Its instance is
/// named like the node's namespace.
/// </summary>
public sealed class AgentProcess : IDisposable
{
    /// <summary>On the node's loopback.</summary>
    public const int MetricsPort = 10249;

    private const int HealthPort = 10256;

    private AgentOptions options;
    private readonly DirectoryInfo runDirectory = Directory.CreateTempSubdirectory("ebpflb-run-");
    private ProcessPlace place;
    private readonly HttpClient http;
    private readonly HttpClient control;
    private ChildProcess? process;

    private AgentProcess(AgentOptions options)
    {
        this.options = options;
        place = options.Node.Place with { CgroupPath = (options.CgroupRoot ?? options.Node.Cgroup).Child("agent").Path };
        http = NetnsListener.HttpClient(place.NetnsPath!);
        control = UnixClient(Path.Combine(runDirectory.FullName, $"{Instance}.sock"));
    }

    /// <summary>Starts an agent and waits until it is ready.</summary>
    /// <exception cref="InvalidOperationException">It ended; the message holds its log.</exception>
    public static AgentProcess Start(AgentOptions options)
    {
        var agent = Begin(options);
        try
        {
            agent.WaitUntilReady();
            return agent;
        }
        catch
        {
            agent.Dispose();
            throw;
        }
    }

    /// <summary>Starts an agent without waiting for it, so that several come up together.</summary>
    public static AgentProcess Begin(AgentOptions options)
    {
        var agent = new AgentProcess(options);
        try
        {
            agent.Launch();
            return agent;
        }
        catch
        {
            agent.Dispose();
            throw;
        }
    }

    public string Instance => options.Node.Netns;

    /// <summary>What the agent that runs now (or ran last) has printed.</summary>
    public string Log => process?.Output ?? "";

    /// <summary>Of <see cref="Log"/> the last ten lines: what a failed test says.</summary>
    public string EndOfLog => string.Join('\n', Log.Split('\n', StringSplitOptions.RemoveEmptyEntries).TakeLast(10));

    /// <summary>
    /// The first line of <see cref="Log"/> that holds a text, waited for: the agent writes its log beside what it does, so whoever has
    /// seen it do something may read of it only later.
    /// </summary>
    /// <exception cref="TimeoutException">There is no such line within 60 s; the message holds the log.</exception>
    public string LogLine(string text)
    {
        string? line = null;
        Eventually.True(
            () => (line = Log.Split('\n').FirstOrDefault(l => l.Contains(text, StringComparison.Ordinal))) is not null,
            () => $"'{text}' in the log of the agent {Instance}:\n{Log}");
        return line!;
    }

    /// <summary>Starts the agent again, with the same instance, pins and run directory.</summary>
    /// <param name="more">Options in addition to those it was made with.</param>
    public void Launch(params IReadOnlyList<string> more)
    {
        process?.Dispose();
        process = ChildProcess.Start(
            place, [.. options.Prefix, options.Binary, .. RunArguments(BpfFs.MountPoint, runDirectory.FullName), .. more]);
    }

    /// <summary>As <see cref="Launch"/>, with objects from elsewhere from now on.</summary>
    public void LaunchFrom(params IReadOnlyList<string> source)
    {
        options = options with { Source = source };
        Launch();
    }

    /// <summary>What is started from now on, as <see cref="LaunchInstead"/> does at once.</summary>
    public void Use(string binary) => options = options with { Binary = binary };

    /// <summary>Starts another executable in place of the one so far, as an upgrade does.</summary>
    /// <param name="prefix">What it is started by, as <see cref="AgentOptions.Prefix"/>.</param>
    public void LaunchInstead(string binary, params IReadOnlyList<string> prefix)
    {
        options = options with { Binary = binary, Prefix = prefix };
        Launch();
    }

    /// <summary>Agents and commands that are started from now on run in another cgroup.</summary>
    public void UseCgroup(string path) => place = place with { CgroupPath = path };

    /// <summary>Waits until the agent has ended by itself, and returns its exit code; 128 + n after signal n.</summary>
    /// <exception cref="InvalidOperationException">It became ready instead; the message holds its log.</exception>
    public int WaitUntilEnded()
    {
        Eventually.True(() => process!.HasExited || Health() == HttpStatusCode.OK, "the agent to end", TimeSpan.FromSeconds(120));
        return process!.HasExited ? process.WaitForExit() : throw new InvalidOperationException($"the agent became ready. Its log:\n{Log}");
    }

    /// <summary>Starts one more agent of this instance, as one that does not know of the first. The caller owns it.</summary>
    /// <param name="prefix">A command that starts it, such as unshare.</param>
    public ChildProcess LaunchOther(
        string otherRunDirectory, string? bpfFs = null, IReadOnlyList<string>? prefix = null, params IReadOnlyList<string> extra)
        => ChildProcess.Start(
            place, [.. prefix ?? [], options.Binary, .. RunArguments(bpfFs ?? BpfFs.MountPoint, otherRunDirectory), .. extra]);

    private IReadOnlyList<string> RunArguments(string bpfFs, string runDir) =>
    [
        "run", .. options.Source, "--node-name", options.Node.Name, "--instance", Instance,
        "--cgroup-root", (options.CgroupRoot ?? options.Node.Cgroup).Path, "--bpffs", bpfFs, "--run-dir", runDir, .. options.Extra,
    ];

    public string RunDirectory => runDirectory.FullName;

    /// <summary>Waits until /readyz says 200: first lists complete, everything programmed, hooks proven by the canary.</summary>
    public void WaitUntilReady()
    {
        try
        {
            Eventually.Get(
                () =>
                {
                    if (process!.HasExited)
                        throw new InvalidOperationException($"the agent ended with {process.WaitForExit()}:\n{Log}");
                    return Health();
                },
                status => status == HttpStatusCode.OK,
                "the agent to be ready",
                TimeSpan.FromSeconds(120));
        }
        catch (TimeoutException exception)
        {
            throw new TimeoutException($"the agent {Instance} is not ready. Its log:\n{Log}", exception);
        }
    }

    /// <summary>Status of /readyz; null while nothing listens.</summary>
    public HttpStatusCode? Health() => Health("/readyz").Status;

    /// <summary>Status and body of a page of the health port; null while nothing listens, or nobody answers in time.</summary>
    public (HttpStatusCode? Status, string Body) Health(string page)
    {
        try
        {
            using var answer = http.GetAsync(new Uri($"http://127.0.0.1:{HealthPort}{page}")).GetAwaiter().GetResult();
            return (answer.StatusCode, answer.Content.ReadAsStringAsync().GetAwaiter().GetResult());
        }
        catch (Exception e) when (e is HttpRequestException or TaskCanceledException)
        {
            return (null, "");
        }
    }

    /// <summary>It was killed, or ended by itself.</summary>
    public bool HasEnded => process!.HasExited;

    /// <summary>The id of the process that runs now.</summary>
    public int ProcessId => process!.Id;

    /// <summary>An answer of the control socket, such as /backends?namespace=a&amp;name=b.</summary>
    public string Ask(string path) => control.GetStringAsync(new Uri($"http://agent{path}")).GetAwaiter().GetResult();

    /// <summary>
    /// What `ebpflb services -o json` prints, asked on the control socket without starting a command; empty while nobody listens.
    /// </summary>
    public string Services()
    {
        try
        {
            return control.GetStringAsync(new Uri("http://agent/services")).GetAwaiter().GetResult();
        }
        catch (Exception e) when (e is HttpRequestException or TaskCanceledException)
        {
            return "";
        }
    }

    /// <summary>The text of /metrics, made now: of the port, who asks too often gets that of before.</summary>
    public string Metrics() => Ask("/metrics");

    /// <summary>The samples in /metrics whose names begin with one of these.</summary>
    public string MetricsOf(params string[] names) => string.Join(
        '\n', Metrics().Split('\n').Where(line => names.Any(name => line.StartsWith(name, StringComparison.Ordinal))));

    /// <summary>
    /// Changes that the first round after the start made in the kernel, from the log: 0 when everything was found as wanted.
    /// </summary>
    public int FirstPlanOperations()
    {
        var line = LogLine("Synced: ");
        return int.Parse(
            Regex.Match(line, "operations=(?<count>[0-9]+)", RegexOptions.ExplicitCapture, TimeSpan.FromSeconds(1)).Groups["count"].Value,
            CultureInfo.InvariantCulture);
    }

    /// <summary>kill -9.</summary>
    public void Kill() => process!.Kill();

    /// <summary>SIGTERM, and the exit code.</summary>
    public int Terminate()
    {
        process!.Signal();
        return process.WaitForExit();
    }

    /// <summary>
    /// Runs another command of the executable against this instance; returns its exit code and output. Which instance stands last: options
    /// belong to a verb's last word ("conntrack list").
    /// </summary>
    public (int ExitCode, string Output) Command(string verb, params IReadOnlyList<string> arguments) => ChildProcess.Run(
        place,
        [options.Binary, verb, .. arguments, "--instance", Instance, "--bpffs", BpfFs.MountPoint, "--run-dir", runDirectory.FullName]);

    /// <summary>As <see cref="Command"/>, started by another command, as <see cref="AgentOptions.Prefix"/>.</summary>
    public (int ExitCode, string Output) CommandBy(IReadOnlyList<string> prefix, string verb, params IReadOnlyList<string> arguments)
        => ChildProcess.Run(
            place,
            [.. prefix, options.Binary, verb, .. arguments, "--instance", Instance, "--bpffs", BpfFs.MountPoint,
                "--run-dir", runDirectory.FullName]);

    /// <summary>Starts another command, which may go on; with further variables.</summary>
    public ChildProcess Start(IReadOnlyDictionary<string, string> environment, string verb, params IReadOnlyList<string> arguments)
        => ChildProcess.Start(
            place,
            [options.Binary, verb, .. arguments, "--instance", Instance, "--bpffs", BpfFs.MountPoint, "--run-dir", runDirectory.FullName],
            environment);

    /// <inheritdoc cref="Start(IReadOnlyDictionary{string, string}, string, IReadOnlyList{string})"/>
    public ChildProcess Start(string verb, params IReadOnlyList<string> arguments)
        => Start(new Dictionary<string, string>(), verb, arguments);

    /// <summary>The same by somebody who looks for it in another run directory.</summary>
    public (int ExitCode, string Output) CommandFrom(string otherRunDirectory, string verb, params IReadOnlyList<string> arguments)
        => ChildProcess.Run(
        place, [options.Binary, verb, .. arguments, "--instance", Instance, "--bpffs", BpfFs.MountPoint, "--run-dir", otherRunDirectory]);

    /// <summary>Runs another command with <c>-o json</c>.</summary>
    /// <exception cref="InvalidOperationException">It failed, or printed something else than JSON.</exception>
    public JsonElement Json(string verb, params IReadOnlyList<string> arguments)
    {
        var (code, output) = Command(verb, ["-o", "json", .. arguments]);
        try
        {
            return JsonDocument.Parse(output).RootElement;
        }
        catch (JsonException exception)
        {
            throw new InvalidOperationException(
                $"'{verb}' ended with {code} and printed no JSON:\n{output}\nlog of the agent:\n{Log}", exception);
        }
    }

    /// <summary>Name -> kernel id of everything pinned: "maps/lb_backends", "links/...".</summary>
    public IReadOnlyDictionary<string, long> PinnedIds()
    {
        var ids = new Dictionary<string, long>();
        foreach (var kind in (string[])["maps", "links"])
        {
            foreach (var pin in Directory.EnumerateFiles(Path.Combine(BpfFs.InstancePath(Instance), kind)))
            {
                // The agent may have removed it since the directory was read.
                if (BpfIds.OfPin(pin) is { } id) ids[$"{kind}/{Path.GetFileName(pin)}"] = id;
            }
        }
        return ids;
    }

    public void Dispose()
    {
        process?.Dispose();
        if (Directory.Exists(BpfFs.InstancePath(Instance)))
            Command("cleanup");
        BpfFs.RemoveInstance(Instance);
        http.Dispose();
        control.Dispose();
        // The command above removes it too when nothing else is in it.
        if (Directory.Exists(runDirectory.FullName))
            runDirectory.Delete(recursive: true);
    }

    private static HttpClient UnixClient(string path) => new(new SocketsHttpHandler
    {
        ConnectCallback = async (_, cancellation) =>
        {
            var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
            try
            {
                await socket.ConnectAsync(new UnixDomainSocketEndPoint(path), cancellation);
                return new NetworkStream(socket, ownsSocket: true);
            }
            catch
            {
                socket.Dispose();
                throw;
            }
        },
        UseProxy = false,
    })
    {
        Timeout = TimeSpan.FromSeconds(60),
    };
}
