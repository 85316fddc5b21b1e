using EbpfLb.Abi;

namespace EbpfLb.Datapath.Events;

/// <summary>Where drops are told: the kernel's ring buffer, or a test.</summary>
public interface IEventSource : IDisposable
{
    /// <summary>Waits for records, at most that long, and hands over those that are there.</summary>
    /// <exception cref="OperationCanceledException">Cancelled.</exception>
    void Read(TimeSpan timeout, Action<LbEvent> take, CancellationToken cancellationToken);
}
