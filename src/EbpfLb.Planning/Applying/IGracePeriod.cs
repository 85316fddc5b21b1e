namespace EbpfLb.Planning.Applying;

/// <summary>Waits until every program that began before the call has ended, on every CPU (membarrier, or an RCU grace period).</summary>
public interface IGracePeriod
{
    Task WaitAsync(CancellationToken cancellationToken);
}
