namespace EbpfLb.Model;

/// <summary>A source that can compare what it has kept change by change with a fresh reading of everything.</summary>
public interface IVerifiableSource
{
    /// <summary>
    /// Reads everything afresh and compares. What is merely on its way is no difference: only what stays different while the source had
    /// time to catch up. Disturbs nothing unless it repairs.
    /// </summary>
    /// <param name="fromCache">
    /// As the source's cache has it, which costs it little; false: as its store has it, which also finds what the cache missed.
    /// </param>
    /// <param name="repair">What differs is read anew in the usual way and comes as a snapshot.</param>
    /// <exception cref="IOException">It cannot be read now; the message says why.</exception>
    Task<SourceVerification> VerifyAsync(bool fromCache, bool repair, CancellationToken cancellationToken);
}

/// <param name="Repaired">Those of the differences that are gone.</param>
public sealed record SourceVerification(
    IReadOnlyList<ComparedElements> Compared, IReadOnlyList<Difference> Differences, IReadOnlySet<Difference> Repaired);

/// <param name="What">"services", or the name of a map.</param>
/// <param name="Elements">How many were compared.</param>
public sealed record ComparedElements(VerifyStage Stage, string What, long Elements);
