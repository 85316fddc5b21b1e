namespace EbpfLb.Configuration;

/// <summary>
/// The fields of one configuration that come into force without a restart. This is the only place that says so: a field is hot because it
/// is here, and what is not here stays as it was at the start, with everything that is derived from it.
/// </summary>
internal sealed class HotFields<T>
{
    private readonly List<Func<T, T, T>> takes = [];

    /// <param name="take">The first value with this field of the second.</param>
    public FieldNote Add(FieldNote note, Func<T, T, T> take)
    {
        takes.Add(take);
        return note;
    }

    public T Take(T start, T wanted) => takes.Aggregate(start, (to, take) => take(to, wanted));
}
