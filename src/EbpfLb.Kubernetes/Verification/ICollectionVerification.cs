using EbpfLb.Model;

namespace EbpfLb.Kubernetes.Verification;

/// <summary>Compares one collection of the server with what was kept of it. Used once.</summary>
internal interface ICollectionVerification
{
    ComparedElements Compared { get; }

    /// <summary>
    /// Lists and compares. Returns whether something differs, if only because it is under way. A collection that the server is behind with
    /// is listed again in the usual way.
    /// </summary>
    Task<bool> LookAsync(CancellationToken cancellationToken);

    /// <summary>Lists again: what is kept still as it was, and still differs, does so in earnest.</summary>
    Task<IReadOnlyList<Difference>> LookAgainAsync(CancellationToken cancellationToken);

    /// <summary>Has the collection listed again in the usual way.</summary>
    void Repair();

    /// <summary>Those of the differences that are gone, once the collection was listed again.</summary>
    IReadOnlyList<Difference> Repaired();
}
