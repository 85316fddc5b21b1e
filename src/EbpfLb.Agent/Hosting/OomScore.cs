using System.Globalization;

namespace EbpfLb.Agent.Hosting;

/// <summary>How soon the kernel ends this process when memory runs out (proc(5), oom_score_adj).</summary>
internal static class OomScore
{
    /// <summary>Why it was not possible, null when it was.</summary>
    public static string? Set(int score)
    {
        try
        {
            File.WriteAllText("/proc/self/oom_score_adj", score.ToString(CultureInfo.InvariantCulture));
            return null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return e.Message;
        }
    }
}
