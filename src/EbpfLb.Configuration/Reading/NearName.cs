namespace EbpfLb.Configuration.Reading;

/// <summary>Finds the name that was meant.</summary>
internal static class NearName
{
    /// <returns>The nearest of the names; null when none is near.</returns>
    public static string? Of(string name, IEnumerable<string> names)
    {
        var near = names.Select(n => (Name: n, Distance: Distance(name, n))).OrderBy(n => n.Distance).FirstOrDefault();
        return near.Name is not null && near.Distance <= Math.Max(1, Math.Min(name.Length, near.Name.Length) / 4) ? near.Name : null;
    }

    /// <summary>Letters to insert, delete or change; case counts for nothing.</summary>
    private static int Distance(string a, string b)
    {
        var row = Enumerable.Range(0, b.Length + 1).ToArray();
        for (var i = 1; i <= a.Length; i++)
        {
            var diagonal = row[0];
            row[0] = i;
            for (var j = 1; j <= b.Length; j++)
            {
                var change = diagonal + (char.ToLowerInvariant(a[i - 1]) == char.ToLowerInvariant(b[j - 1]) ? 0 : 1);
                diagonal = row[j];
                row[j] = Math.Min(change, Math.Min(row[j], row[j - 1]) + 1);
            }
        }
        return row[b.Length];
    }
}
