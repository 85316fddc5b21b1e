namespace EbpfLb.Kubernetes.Auth;

/// <summary>
/// Credentials that cannot be read any more - half a rotation, a file that is gone, a plugin that fails - are reported, and those that
/// worked stay in use until the server refuses them.
/// </summary>
/// <param name="report">Told once of each reason.</param>
internal sealed class LastGoodCredentials(ApiCredentials credentials, Action<string> report) : ApiCredentials
{
    private volatile ApiCredential? lastGood;
    private volatile string? reported;

    public override string Description => credentials.Description;

    public override async ValueTask<ApiCredential> GetAsync(ApiCredential? refused, CancellationToken cancellationToken)
    {
        try
        {
            var credential = await credentials.GetAsync(refused, cancellationToken);
            lastGood = credential;
            reported = null;
            return credential;
        }
        catch (ConnectionException e) when (lastGood is { } known && !known.IsSameAs(refused))
        {
            if (Interlocked.Exchange(ref reported, e.Message) != e.Message) report(e.Message);
            return known;
        }
    }
}
