namespace EbpfLb.Configuration.Input;

/// <summary>Finds the name that was meant.</summary>
public static class NearName
{
    /// <returns>The nearest of the names; null when none is near.</returns>
    public static string? Of(string name, IEnumerable<string> names)
    {
        var near = names.Select(n => (Name: n, Distance: Distance(name, n))).OrderBy(n => n.Distance).FirstOrDefault();
        return near.Name is not null && near.Distance <= Math.Max(1, Math.Min(name.Length, near.Name.Length) / 4) ? near.Name : null;
    }

    /// <summary>Letters to insert, delete, change or swap with the next; case counts for nothing.</summary>
    private static int Distance(string a, string b)
    {
        var (before, last, row) = (new int[b.Length + 1], Enumerable.Range(0, b.Length + 1).ToArray(), new int[b.Length + 1]);
        for (var i = 1; i <= a.Length; i++)
        {
            row[0] = i;
            for (var j = 1; j <= b.Length; j++)
            {
                row[j] = Math.Min(last[j - 1] + (Same(i - 1, j - 1) ? 0 : 1), Math.Min(last[j], row[j - 1]) + 1);
                if (i > 1 && j > 1 && Same(i - 1, j - 2) && Same(i - 2, j - 1)) row[j] = Math.Min(row[j], before[j - 2] + 1);
            }
            (before, last, row) = (last, row, before);
        }
        return last[b.Length];

        bool Same(int i, int j) => char.ToLowerInvariant(a[i]) == char.ToLowerInvariant(b[j]);
    }
}
