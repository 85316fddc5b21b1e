using System.Diagnostics.CodeAnalysis;
using System.Reflection;
using EbpfLb.Kubernetes.Api;
using EbpfLb.Kubernetes.Reflector;
using EbpfLb.Model;

namespace EbpfLb.Kubernetes.Verification;

/// <inheritdoc cref="ICollectionVerification"/>
/// <param name="kind">For people: "Service".</param>
/// <param name="fromCache">The lists to compare with come from the server's cache.</param>
internal sealed class CollectionVerification<[DynamicallyAccessedMembers(DynamicallyAccessedMemberTypes.PublicProperties)] T>(
    string kind, Reflector<T> reflector, IComparedSink<T> sink, bool fromCache) : ICollectionVerification
    where T : class
{
    private const int LongestText = 300;

    private readonly Dictionary<ObjectName, Difference> differences = [];
    private IReadOnlyDictionary<ObjectName, (T? Kept, T? Listed)> first = new Dictionary<ObjectName, (T?, T?)>();
    private IReadOnlyList<T> items = [];

    public ComparedElements Compared => new(VerifyStage.Api, reflector.Plural, items.Count);

    public async Task<bool> LookAsync(CancellationToken cancellationToken)
    {
        await ReadAsync(cancellationToken);
        first = sink.Compare(items);
        return first.Count > 0;
    }

    public async Task<IReadOnlyList<Difference>> LookAgainAsync(CancellationToken cancellationToken)
    {
        if (first.Count == 0) return [];
        await ReadAsync(cancellationToken);
        foreach (var (name, (kept, listed)) in sink.Compare(items))
        {
            // What has moved is followed; it was only late.
            if (first.TryGetValue(name, out var before) && ReferenceEquals(before.Kept, kept))
                differences[name] = Describe(name, kept, listed);
        }
        return [.. differences.Values];
    }

    public void Repair()
    {
        if (differences.Count > 0) reflector.Relist();
    }

    public IReadOnlyList<Difference> Repaired()
    {
        var still = sink.Compare(items);
        return [.. differences.Where(d => !still.ContainsKey(d.Key)).Select(d => d.Value)];
    }

    /// <summary>A server that is behind what it has told has another history now: its watch from there would tell nothing.</summary>
    private async Task ReadAsync(CancellationToken cancellationToken)
    {
        try
        {
            items = (await reflector.ReadAsync(fromCache, cancellationToken)).Items;
        }
        catch (ApiException e) when (e.Failure == ApiFailure.TooNew)
        {
            reflector.Relist();
            throw;
        }
    }

    private Difference Describe(ObjectName name, T? kept, T? listed)
    {
        var what = $"{kind} {(name.Namespace.Length == 0 ? name.Name : name.ToString())}";
        if (kept is null || listed is null)
            return new Difference(VerifyStage.Api, what, Difference.Whole, listed is null ? Difference.None : "present",
                kept is null ? Difference.None : "present");
        var fields = typeof(T).GetProperties(BindingFlags.Instance | BindingFlags.Public).Where(p
            => !Equals(p.GetValue(kept), p.GetValue(listed))).ToList();
        return new Difference(
            VerifyStage.Api, what, string.Join(',', fields.Select(p => p.Name)), Text(fields, listed), Text(fields, kept));
    }

    private static string Text(List<PropertyInfo> fields, T item)
    {
        var text = string.Join(", ", fields.Select(p => p.GetValue(item)));
        return text.Length <= LongestText ? text : text[..LongestText] + "...";
    }
}
