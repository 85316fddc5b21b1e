using System.Text;

namespace EbpfLb.Scenarios.Format;

/// <summary>Two texts as one, with "-" before lines that only the first has and "+" before those that only the second has.</summary>
internal static class LineDiff
{
    private const int Context = 3;

    /// <summary>Empty when the texts are the same.</summary>
    public static string Write(string expected, string actual)
    {
        var old = expected.Split('\n');
        var now = actual.Split('\n');
        var lines = Compare(old, now);
        var text = new StringBuilder();
        var shownTo = 0;
        for (var i = 0; i < lines.Count; i++)
        {
            if (lines[i].Mark == ' ') continue;
            var from = Math.Max(i - Context, shownTo);
            if (from > shownTo) text.Append("  ...\n");
            var to = i;
            while (to < lines.Count && lines[to].Mark != ' ') to++;
            to = Math.Min(to + Context, lines.Count);
            for (var line = from; line < to; line++) text.Append(lines[line].Mark).Append(' ').Append(lines[line].Text).Append('\n');
            shownTo = to;
            i = to - 1;
        }
        return text.ToString();
    }

    private static List<(char Mark, string Text)> Compare(string[] old, string[] now)
    {
        // common[i, j]: length of the longest common part of what is left from line i and line j on.
        var common = new int[old.Length + 1, now.Length + 1];
        for (var a = old.Length - 1; a >= 0; a--)
        {
            for (var b = now.Length - 1; b >= 0; b--)
                common[a, b] = old[a] == now[b] ? common[a + 1, b + 1] + 1 : Math.Max(common[a + 1, b], common[a, b + 1]);
        }
        List<(char, string)> lines = [];
        int i = 0, j = 0;
        while (i < old.Length || j < now.Length)
        {
            if (i < old.Length && j < now.Length && old[i] == now[j])
            {
                lines.Add((' ', old[i++]));
                j++;
            }
            else if (j == now.Length || (i < old.Length && common[i + 1, j] >= common[i, j + 1])) lines.Add(('-', old[i++]));
            else lines.Add(('+', now[j++]));
        }
        return lines;
    }
}
