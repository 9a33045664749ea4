package node

import (
	"context"

	"konfa/community"
	"konfa/storage"
)

// StorePost keeps a post of another server that someone here is about to answer,
// so that the answer reaches its author. It is shown nowhere by that. Storing
// again changes nothing. Refused for what is not for everyone.
func (n *Node) StorePost(ctx context.Context, author *community.Actor, p *community.Post) error {
	if !everyoneSees(p) {
		return community.Errorf(community.Refused, "%s is not for everyone", p.URI)
	}
	return n.write(ctx, func(tx *storage.Tx) error {
		if hostOf(p.URI) != author.Host {
			return community.Errorf(community.Forbidden, "%s is not of the server of %s", p.URI, author.URI)
		}
		if _, ours := n.site.Path(p.URI); ours {
			return community.Errorf(community.Forbidden, "%s is not of another server", p.URI)
		}
		_, err := tx.PostByURI(ctx, p.URI)
		if known, err := found(err); known || err != nil {
			return err
		}
		if err := tx.SaveActor(ctx, author); err != nil {
			return err
		}
		p.ID, p.Slug, p.Author, p.Draft, p.Created, p.AuthorID, p.Source = 0, "", "", false, tx.Now(), author.ID, nil
		p.Kind, p.State, p.Announced = community.OrdinaryPost, community.Shown, zeroTime
		if _, err := n.place(ctx, tx, p); err != nil {
			return err
		}
		if p.Thread != "" {
			if err := n.admit(ctx, tx, author, p); err != nil {
				return err
			}
		}
		return tx.InsertPost(ctx, p)
	})
}
