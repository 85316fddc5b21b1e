using System.Globalization;
using EbpfLb.Testing.Processes;

namespace EbpfLb.Testing.Probes;

/// <summary>A netprobe that runs in a place and does what it is told, one command a line; ends with the test process.</summary>
public sealed class NetProbe : IDisposable
{
    private readonly ChildProcess process;
    /// <summary>As long as tens of thousands of requests may take where the machine does other things, too.</summary>
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(5);

    private int named;

    private NetProbe(ChildProcess process)
    {
        this.process = process;
    }

    public static NetProbe Start(ProcessPlace place) => new(ChildProcess.Start(place, [RepositoryPaths.Netprobe, "shell"]));

    /// <summary>Sends one command and returns its answer, whether it went well or not.</summary>
    public ProbeAnswer Ask(string command)
    {
        process.WriteLine(command);
        return ProbeAnswer.Parse(process.ReadLine(Limit));
    }

    /// <summary>Sends one command that has to go well.</summary>
    /// <exception cref="InvalidOperationException">It did not.</exception>
    public ProbeAnswer Do(string command)
    {
        var answer = Ask(command);
        return answer.Ok ? answer : throw new InvalidOperationException($"'{command}' answered: {answer}");
    }

    /// <summary>Runs a load of a given count to its end.</summary>
    public LoadReport Load(LoadSpec spec) => Report(spec.Command(background: null));

    /// <summary>A load of one kind and count, for the common case.</summary>
    public LoadReport Load(LoadMode mode, string to, long count) => Load(new LoadSpec(mode, to) { Count = count });

    /// <summary>Starts a load that runs until it is stopped.</summary>
    public BackgroundLoad Start(LoadSpec spec)
    {
        var id = string.Create(CultureInfo.InvariantCulture, $"load{named++}");
        Do(spec.Command(id));
        return new BackgroundLoad(this, id);
    }

    /// <summary>Starts UDP clients that go on until they are stopped.</summary>
    /// <param name="kind">"send": connected, and sending; "wait": connected, and waiting; "sendto": not connected.</param>
    public Swarm StartSwarm(string kind, string to, int count, bool mapped = false)
    {
        var id = string.Create(CultureInfo.InvariantCulture, $"swarm{named++}");
        Do(string.Create(CultureInfo.InvariantCulture, $"swarm id={id} kind={kind} to={to} count={count} mapped={(mapped ? 1 : 0)}"));
        return new Swarm(this, id, count);
    }

    /// <summary>A socket of the family of <paramref name="to"/>, not yet connected.</summary>
    public ProbeSocket Open(string type, string to, string options = "")
    {
        var id = string.Create(CultureInfo.InvariantCulture, $"socket{named++}");
        Do($"open id={id} type={type} to={to} {options}");
        return new ProbeSocket(this, id, options);
    }

    public void Dispose() => process.Dispose();

    internal LoadReport Report(string command)
    {
        var answer = Ask(command);
        // Failures are what a load reports; only a load that could not run at all is an error.
        return answer.Ok ? LoadReport.From(answer) : throw new InvalidOperationException($"'{command}' answered: {answer}");
    }
}
