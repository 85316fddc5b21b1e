using EbpfLb.Kubernetes.Api;
using EbpfLb.Model;
using EbpfLb.Timing;

namespace EbpfLb.Kubernetes.Verification;

/// <summary>Compares all collections, one after the other, so that a list is never more than one answer of the server at a time.</summary>
/// <param name="grace">How long the watches have to deliver what a list showed.</param>
internal sealed class SourceVerifier(IReadOnlyList<ICollectionVerification> collections, TimeSpan grace, TimeProvider time)
{
    private static readonly TimeSpan Poll = TimeSpan.FromMilliseconds(100);

    /// <exception cref="IOException">The server cannot be asked now.</exception>
    public async Task<SourceVerification> RunAsync(bool repair, CancellationToken cancellationToken)
    {
        try
        {
            var differing = new List<ICollectionVerification>();
            ApiException? behind = null;
            foreach (var collection in collections)
            {
                try
                {
                    if (await collection.LookAsync(cancellationToken)) differing.Add(collection);
                }
                catch (ApiException e) when (e.Failure == ApiFailure.TooNew)
                {
                    // It is so of all collections: each has to find out, to be listed again.
                    behind ??= e;
                }
            }
            if (behind is not null) throw behind;
            List<Difference> differences = [];
            if (differing.Count > 0)
            {
                await time.DelayAsync(grace, cancellationToken);
                foreach (var collection in differing) differences.AddRange(await collection.LookAgainAsync(cancellationToken));
            }
            var repaired = repair && differences.Count > 0 ? await RepairAsync(differing, differences.Count, cancellationToken) : [];
            return new SourceVerification([.. collections.Select(c => c.Compared)], differences, repaired);
        }
        catch (ApiException e)
        {
            throw new IOException(e.Message, e);
        }
    }

    /// <summary>Waits for the fresh lists, at most as long as for late events.</summary>
    private async Task<HashSet<Difference>> RepairAsync(
        List<ICollectionVerification> differing, int count, CancellationToken cancellationToken)
    {
        foreach (var collection in differing) collection.Repair();
        var begun = time.GetTimestamp();
        while (true)
        {
            HashSet<Difference> repaired = [.. differing.SelectMany(c => c.Repaired())];
            if (repaired.Count == count || time.GetElapsedTime(begun) >= grace) return repaired;
            await time.DelayAsync(Poll, cancellationToken);
        }
    }
}
