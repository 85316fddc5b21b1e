using EbpfLb.Testing.Probes;
using EbpfLb.Testing.Processes;

namespace EbpfLb.E2E.Upgrades;

/// <summary>Connections that stay: half of them silent until they are asked, the others asked again and again.</summary>
internal sealed class HeldConnections : IDisposable
{
    private readonly NetProbe silent;
    private readonly NetProbe busy;
    private readonly string exchange;
    private readonly CancellationTokenSource stop = new();
    private readonly Task talking;
    private long cut;
    private long renamed;
    private long rounds;

    public HeldConnections(ProcessPlace place, string to, int count)
    {
        Count = count;
        silent = NetProbe.Start(place);
        busy = NetProbe.Start(place);
        exchange = $"exchange id=held peer={to}";
        silent.Do($"hold id=held to={to} count={count / 2}");
        busy.Do($"hold id=held to={to} count={count - (count / 2)}");
        talking = Task.Run(() =>
        {
            while (!stop.IsCancellationRequested) Ask(busy);
        });
    }

    public int Count { get; }

    /// <summary>Times that one did not answer.</summary>
    public long Cut => Interlocked.Read(ref cut);

    /// <summary>Times that one had another peer than was asked for.</summary>
    public long Renamed => Interlocked.Read(ref renamed);

    /// <summary>Asks the silent half, and waits until the other one was asked after this began.</summary>
    public void AskAll()
    {
        var before = Interlocked.Read(ref rounds);
        Ask(silent);
        Eventually.True(() => talking.IsFaulted || Interlocked.Read(ref rounds) >= before + 3, "the busy connections to be asked");
    }

    public void Dispose()
    {
        stop.Cancel();
        talking.ContinueWith(_ => { }, TaskScheduler.Default).Wait();
        silent.Dispose();
        busy.Dispose();
        stop.Dispose();
    }

    private void Ask(NetProbe probe)
    {
        var answer = probe.Ask(exchange);
        Interlocked.Add(ref cut, answer.Number("failed"));
        Interlocked.Add(ref renamed, answer.Number("badpeer"));
        Interlocked.Increment(ref rounds);
    }
}
