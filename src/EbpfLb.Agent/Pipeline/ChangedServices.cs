using EbpfLb.Policy;

namespace EbpfLb.Agent.Pipeline;

/// <summary>Which Services do something else than in the table before, for a log that somebody reads to find out.</summary>
internal static class ChangedServices
{
    /// <summary>Those beyond are counted.</summary>
    private const int MostNamed = 20;

    /// <summary>"default/web, +default/new, -default/old"; empty: none. Walks both tables, which are ordered by name.</summary>
    public static string Text(IEnumerable<CompiledService> before, IEnumerable<CompiledService> after)
    {
        List<string> names = [];
        var count = 0;
        using var old = before.GetEnumerator();
        using var now = after.GetEnumerator();
        var (hasOld, hasNow) = (old.MoveNext(), now.MoveNext());
        while (hasOld || hasNow)
        {
            var order = !hasOld ? 1 : !hasNow ? -1 : old.Current.Name.CompareTo(now.Current.Name);
            if (order < 0) Add($"-{old.Current.Name}");
            else if (order > 0) Add($"+{now.Current.Name}");
            else if (!ReferenceEquals(old.Current, now.Current)) Add(now.Current.Name.ToString());
            if (order <= 0) hasOld = old.MoveNext();
            if (order >= 0) hasNow = now.MoveNext();
        }
        return string.Join(", ", names) + (count > names.Count ? $" and {count - names.Count} more" : "");

        void Add(string name)
        {
            if (++count <= MostNamed) names.Add(name);
        }
    }
}
