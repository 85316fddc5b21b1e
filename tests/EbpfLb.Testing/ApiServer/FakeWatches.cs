using System.Threading.Channels;

namespace EbpfLb.Testing.ApiServer;

/// <summary>What a test tells open watches to do.</summary>
internal enum FakeWatchOrder
{
    Bookmark,
    End,
    Cut,
    CutMidLine,
    Expire,
    Garbage,
}

/// <summary>The open watches.</summary>
internal sealed class FakeWatches
{
    private readonly Lock gate = new();
    private readonly List<Channel<FakeWatchOrder>> open = [];

    public int Count
    {
        get
        {
            lock (gate) return open.Count;
        }
    }

    public Channel<FakeWatchOrder> Add()
    {
        var channel = Channel.CreateUnbounded<FakeWatchOrder>();
        lock (gate) open.Add(channel);
        return channel;
    }

    public void Remove(Channel<FakeWatchOrder> channel)
    {
        lock (gate) open.Remove(channel);
    }

    public void Tell(FakeWatchOrder order)
    {
        lock (gate)
        {
            foreach (var channel in open) channel.Writer.TryWrite(order);
        }
    }
}
