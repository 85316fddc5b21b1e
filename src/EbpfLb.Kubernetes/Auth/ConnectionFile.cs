using EbpfLb.Model;
using EbpfLb.Timing;
using Microsoft.Extensions.Logging;

namespace EbpfLb.Kubernetes.Auth;

/// <summary>
/// The file that a connection was read from. Tokens, certificates and CAs in files of their own are read anew when they are needed; what
/// stands in this file counts from when it is noticed to be another one.
/// </summary>
/// <param name="Text">Its content when it was read.</param>
/// <param name="Load">Reads it anew.</param>
internal sealed record ConnectionFile(string Path, string Text, Func<ApiConnection> Load)
{
    /// <summary>
    /// Waits until the file says something else that can be used; what cannot is logged and leaves the connection as it is.
    /// </summary>
    public async Task<ApiConnection> NextAsync(TimeSpan period, TimeProvider time, ILogger logger, CancellationToken cancellationToken)
    {
        // A file of a kilobyte is read as quickly as its time is asked for, and a ConfigMap's or Secret's time says nothing.
        var (refused, reason) = (Text, "");
        while (true)
        {
            await time.DelayAsync(period, cancellationToken);
            var now = Text;
            try
            {
                now = NamedFile.ReadText(Path, OptionNames.Kubeconfig);
                if (now == Text)
                {
                    (refused, reason) = (Text, "");
                    continue;
                }
                // A text that was refused is read anew all the same: a file that it names may have come.
                var connection = Load();
                Log.ConnectionChanged(logger, connection.Origin, string.Join(", ", connection.Servers));
                return connection;
            }
            catch (Exception e) when (e is not (OutOfMemoryException or OperationCanceledException))
            {
                if (now == refused && e.Message == reason) continue;
                (refused, reason) = (now, e.Message);
                Log.ConnectionNotUsable(logger, e is ConnectionException ? null : e, e.Message);
            }
        }
    }
}
