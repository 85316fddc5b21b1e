using System.Collections.Concurrent;
using EbpfLb.Bpf;
using EbpfLb.Datapath.Flows;
using EbpfLb.Datapath.StaleSockets;

namespace EbpfLb.Agent.Tests.Fakes;

/// <summary>Stale sockets that a test makes up.</summary>
internal sealed class FakeStale : IStaleState
{
    private int passes;
    private int untranslatedPasses;

    public IReadOnlyList<KernelFeature> Features
        => IsLoaded ? [.. Names.Select(n => new KernelFeature(n, n != Missing, n == Missing ? "EPERM" : "", "sockets are not found"))]
            : [.. Names.Select(KernelFeature.Unknown)];

    /// <summary>Of the features that come with loading.</summary>
    public IReadOnlyList<string> Names { get; set; } = [];

    public string? Missing { get; set; }

    public bool IsLoaded { get; private set; }

    public void Load() => IsLoaded = true;

    /// <summary>What the next passes find, one each; none when it is empty.</summary>
    public ConcurrentQueue<StaleSocketReport> Next { get; } = new();

    public int Passes => Volatile.Read(ref passes);

    /// <summary>Of the last pass.</summary>
    public bool Tcp { get; private set; }

    public Func<FlowEntry, bool> OnIsStale { get; set; } = _ => false;

    /// <summary>Passes that looked for untranslated sockets.</summary>
    public int UntranslatedPasses => Volatile.Read(ref untranslatedPasses);

    /// <summary>The next passes throw it; null: they do not.</summary>
    public Exception? Failure { get; set; }

    /// <summary>What a pass does, such as take its time.</summary>
    public Action OnPass { get; set; } = () => { };

    public StaleSocketReport EndSockets(bool tcp, bool untranslated)
    {
        Tcp = tcp;
        if (untranslated) Interlocked.Increment(ref untranslatedPasses);
        var found = Next.TryDequeue(out var report) ? report : StaleSocketReport.Nothing(tcp, untranslated);
        OnPass();
        Interlocked.Increment(ref passes);
        if (Failure is not null) throw Failure;
        return found;
    }

    public bool IsStale(in FlowEntry request) => OnIsStale(request);
}
