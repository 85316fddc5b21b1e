using EbpfLb.Model;

namespace EbpfLb.Planning.Verification;

/// <summary>
/// One comparison of what is believed with what is. <see cref="Scan"/> may run beside the pipeline, <see cref="Confirm"/> belongs to its
/// thread.
/// </summary>
public interface ITableVerification
{
    /// <summary>
    /// Looks at everything once, a part at a time, and remembers what does not look right; each step says how many elements it looked at.
    /// The caller may pause between steps, and plans may be applied meanwhile.
    /// </summary>
    IEnumerable<int> Scan();

    /// <summary>Looks once more at what did not look right, now that nothing changes: what still differs does so in earnest.</summary>
    /// <param name="adopt">What was found becomes what is believed, so that the next plan repairs it.</param>
    IReadOnlyList<Difference> Confirm(bool adopt);

    /// <summary>What was compared, and how many elements of it; of the last scan.</summary>
    IReadOnlyList<ComparedElements> Compared { get; }
}
